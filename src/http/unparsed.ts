import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { safely, setHidden } from '../safely.js'
import type { Outcome } from '../vocabulary.js'
import { connectionFor, hasLeft, sentStatusOf } from './connection.js'
import type { Tracker } from './exchange.js'
import { respondingOn } from './node-internals.js'

/** The prefix of the error codes of Node.js's HTTP parser. */
const PARSE_ERROR = 'HPE_'
const REQUEST_TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT'

/** The error of `clientError`, which Node.js also emits for network failures and TLS handshakes, without a request. */
type ClientError = NodeJS.ErrnoException

/** Accounts for a request whose head or body could not be parsed or did not arrive in time. */
export function refuseUnparsed(tracker: Tracker, error: ClientError, socket: Socket): void {
  const { code = '' } = error
  const timedOut = code === REQUEST_TIMEOUT
  if (!timedOut && !code.startsWith(PARSE_ERROR)) return
  const connection = connectionFor(socket)
  // A connection that was opened and never used carries no request.
  if (connection.hasFailed || socket.bytesRead === 0) return
  connection.hasFailed = true

  const { last } = connection
  if (last === undefined || last.raw?.complete === true) {
    startUnparsed(tracker, error, socket, timedOut ? 'timeout' : 'rejected')
    return
  }
  // The request was answered before its body arrived.
  if (!last.isOpen) return
  last.hasTimedOut = timedOut
  last.isRefused = sentStatusOf(last) === undefined
  if (!hasLeft(last)) last.endError = error
  watchStatus(socket, (status) => {
    last.writtenStatus = status
  })
}

/** Starts a request that can't be parsed, and ends it with its answer or its connection. */
function startUnparsed(tracker: Tracker, error: ClientError, socket: Socket, outcome: Outcome): void {
  const record = tracker.startUnparsed(error, socket)
  watchStatus(socket, (status) => tracker.end(record, { outcome, status }))
  socket.once('close', () => safely(() => tracker.end(record, { outcome, status: undefined })))
}

/** The beginning of an HTTP/1 status line (RFC 9112, section 4). */
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)/
const LENGTH = 'HTTP/1.1 200'.length
const SWITCHING_PROTOCOLS = 101

/** Whether another status follows this one (RFC 9110, section 15.2). */
function isInterim(status: number): boolean {
  return status < 200 && status !== SWITCHING_PROTOCOLS
}

/** Calls back with the status of the next answer that an app writes directly to a connection. */
export function watchStatus(connection: Duplex, onStatus: (status: number) => void): void {
  type Method = (...args: unknown[]) => unknown
  const { write, end } = connection as unknown as { write: Method; end: Method }
  let head = ''
  let done = false

  function read(chunk: unknown): void {
    // A response object's writes answer an earlier request, or are noted by that response.
    if (done || !hasText(chunk) || respondingOn(connection)?.headersSent) return
    head +=
      typeof chunk === 'string' ? chunk.slice(0, LENGTH) : Buffer.from(chunk).toString('latin1', 0, LENGTH)
    if (head.length < LENGTH) return
    const status = STATUS_LINE.exec(head)?.[1]
    head = ''
    if (status !== undefined && isInterim(Number(status))) return
    done = true
    unwatch()
    if (status !== undefined) safely(() => onStatus(Number(status)))
  }

  /** Restores the methods, unless others have wrapped them since. */
  function unwatch(): void {
    const now = connection as unknown as { write: Method; end: Method }
    if (now.write === watchedWrite) now.write = write
    if (now.end === watchedEnd) now.end = end
  }

  function watchedWrite(...args: unknown[]): unknown {
    safely(() => read(args[0]))
    return write.apply(connection, args)
  }

  function watchedEnd(...args: unknown[]): unknown {
    safely(() => read(args[0]))
    return end.apply(connection, args)
  }

  setHidden(connection, 'write', watchedWrite)
  setHidden(connection, 'end', watchedEnd)
}

function hasText(chunk: unknown): chunk is string | Uint8Array {
  return (typeof chunk === 'string' || chunk instanceof Uint8Array) && chunk.length > 0
}
