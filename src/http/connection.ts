import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Ending, endingOf, isAccepted } from '../request/outcome.js'
import type { RequestRecord } from '../request/record.js'
import { attempt, reportFault, safely, safelyNext, setHidden } from '../safely.js'
import { respondingOn, unsentBytesOf } from './node-internals.js'

const CONNECTION = Symbol('waybill.connection')
type WatchedSocket = Socket & { [CONNECTION]?: Connection }

/** The state of an HTTP/1 connection. */
export class Connection {
  /** The latest request, while it is open or its body still arrives. */
  last: RequestRecord | undefined = undefined
  /** The open pipelined requests. */
  waiting: Set<RequestRecord> | undefined = undefined
  /** Whether a request failed to parse or to arrive in time; nothing more is read then. */
  hasFailed = false
  /** Whether the server destroyed the socket after an idle timeout. */
  hasTimedOut = false
  /** Bytes that the operating system had not accepted when the socket was destroyed. */
  unsentBytes = 0
  isWatched = false
}

/** Returns the state of a socket that has carried a request. */
function connectionOf(socket: Partial<Socket>): Connection | undefined {
  return (socket as WatchedSocket)[CONNECTION]
}

/** Finds or creates the state of a socket. */
export function connectionFor(socket: Partial<Socket>): Connection {
  const known = connectionOf(socket)
  if (known !== undefined) return known
  const connection = new Connection()
  setHidden(socket, CONNECTION, connection)
  // Node.js has destroyed the socket, or left it to the app, before this listener runs.
  socket.on?.('timeout', () => {
    if (socket.destroyed) connection.hasTimedOut = true
  })
  // A response that was detached from its socket never emits `close`; all others have by then.
  socket.once?.('close', () => {
    safelyNext(() => connection.last?.keeper.end(connection.last))
  })
  return connection
}

/** Links a request to its connection, and ends it when that closes. */
export function watchConnection(record: RequestRecord): void {
  const { socket, stream } = record
  if (stream !== undefined) {
    // Node.js emits no `close` on the response to a HEAD whose stream was reset (20 to 26).
    stream.once('close', () => safely(() => record.keeper.end(record)))
    watchReset(record, stream)
    return
  }
  const connection = connectionFor(socket)
  const { last } = connection
  connection.last = record
  if (!last?.isOpen) return
  // Node.js 20 emits no `close` on a response that waits for an earlier one when the connection is lost.
  record.waiting = connection.waiting ??= endAllOnClose(socket)
  record.waiting.add(record)
}

/** Ends every pipelined request when the connection closes, with one listener. */
function endAllOnClose(socket: Partial<Socket>): Set<RequestRecord> {
  const waiting = new Set<RequestRecord>()
  socket.once?.('close', () => {
    for (const record of waiting) safely(() => record.keeper.end(record))
  })
  return waiting
}

/** Notes when a pipelined response gets its turn on the connection. */
export function watchTurn(record: RequestRecord): void {
  const before = respondingOn(record.socket)
  if (before === undefined || before === record.response) return
  record.hasTurn = false
  record.response?.once('socket', () => {
    record.hasTurn = true
  })
}

/** Drops references that a kept-alive connection would hold. */
export function leaveConnection(record: RequestRecord): void {
  record.waiting?.delete(record)
  if (record.stream !== undefined || !record.raw?.complete) return
  const connection = connectionOf(record.socket)
  if (connection?.last === record) connection.last = undefined
}

/** Notes when the server itself resets an HTTP/2 stream. */
function watchReset(record: RequestRecord, stream: ServerHttp2Stream): void {
  const { close } = stream
  // Node.js closes streams the same way when the client's connection is lost.
  const isAlive = (): boolean => attempt(() => stream.session?.socket.destroyed, true) === false
  setHidden(stream, 'close', (code?: number, callback?: () => void) => {
    if (code && isAlive()) safely(() => noteBroken(record, undefined))
    close.call(stream, code, callback)
  })
  const { destroy } = stream
  setHidden(stream, 'destroy', (...args: Parameters<Duplex['destroy']>) => {
    const [error] = args
    if (error && isAlive() && !isNetworkError(error)) safely(() => noteBroken(record, error))
    return destroy.apply(stream, args)
  })
}

/** Notes that the server destroys a response. Over HTTP/1, the socket itself shows who closed it. */
export function noteDestroyed(record: RequestRecord, error: unknown): void {
  if (record.stream !== undefined || !('readableEnded' in record.socket)) noteBroken(record, error)
}

/** Notes that the server broke a response off, unless the client had left before. */
export function noteBroken(record: RequestRecord, error: unknown): void {
  if (hasLeft(record)) return
  record.isBroken = true
  if (error) record.endError = error
}

/** Notes that a write was buffered, and what is still unsent when the connection is destroyed. */
export function noteBuffered(record: RequestRecord): void {
  const { socket, stream, wasBuffered } = record
  record.wasBuffered = true
  if (stream !== undefined) {
    if (!wasBuffered)
      beforeDestroy(stream, () => {
        record.unsentBytes = stream.writableLength
      })
  } else if ('writableLength' in socket) {
    const connection = connectionFor(socket)
    if (connection.isWatched) return
    connection.isWatched = true
    beforeDestroy(socket as Socket, () => {
      connection.unsentBytes = unsentBytesOf(socket as Socket)
    })
  }
}

/** Calls back when a stream is destroyed, while its state can still be read. */
function beforeDestroy(stream: Duplex, look: () => void): void {
  const { destroy } = stream
  setHidden(stream, 'destroy', (...args: Parameters<Duplex['destroy']>) => {
    if (!stream.destroyed) safely(look)
    return destroy.apply(stream, args)
  })
}

/** Whether an error came from the operating system rather than from a `destroy(error)` of the server. */
export function isNetworkError(error: unknown): boolean {
  const { syscall, code } = (error ?? {}) as { syscall?: unknown; code?: unknown }
  // Pending writes fail with ECANCELED when the server itself closes the connection.
  return typeof syscall === 'string' && code !== 'ECANCELED'
}

function isReset({ aborted, rstCode }: ServerHttp2Stream): boolean {
  return aborted || (rstCode ?? 0) !== 0
}

/** Whether the whole response was sent. A reset stream emits `finish`, too (Node.js 20 to 26). */
export function wasSent(record: RequestRecord): boolean {
  const { isSent, stream, method } = record
  if (stream === undefined) return isSent
  // Node.js ends the stream of a HEAD before it is answered; the response is complete with its head.
  return method === 'HEAD' ? sentStatusOf(record) !== undefined : isSent && !isReset(stream)
}

/**
 * Whether the client left first: it closed its side (FIN) or the network failed (RST). A connection that the server
 * destroys shows neither.
 */
export function hasLeft(record: RequestRecord): boolean {
  const { stream, socket } = record
  if (stream !== undefined) return !record.isBroken && (isReset(stream) || stream.destroyed)
  // The server may have destroyed its response with the error of another connection or of a file.
  if (isNetworkError(socket.errored) && socket.errored !== record.response?.errored) return true
  return record.isHandedOver ? record.clientClosedFirst : socket.readableEnded === true
}

/** Whether nothing of an unfinished response was sent, although its head was written. */
function wasUnsent({ response, stream, socket, hasTurn, pieces, wasBuffered }: RequestRecord): boolean {
  if (response === undefined || stream !== undefined) return false
  // Either an earlier response still had the turn, or the only write failed.
  if (!hasTurn) return true
  return pieces === 1 && !wasBuffered && hasFailedWrite(socket)
}

function hasFailedWrite({ errored }: Partial<Socket>): boolean {
  return isNetworkError(errored) && (errored as { syscall?: unknown }).syscall === 'write'
}

/** Whether the server destroyed the connection of a request after an idle timeout. */
export function hasTimedOut({ stream, socket }: RequestRecord): boolean {
  return stream === undefined && 'readableEnded' in socket && connectionOf(socket)?.hasTimedOut === true
}

/** Returns the status that was sent, if any. */
export function sentStatusOf(record: RequestRecord): number | undefined {
  const { writtenStatus, stream } = record
  if (stream === undefined) return writtenStatus ?? (record.isUnsent ? undefined : record.headStatus)
  // An app may answer on the HTTP/2 stream itself, without the response.
  const status: unknown = stream.sentHeaders?.[':status']
  return typeof status === 'number' ? status : writtenStatus
}

/**
 * Returns how many body bytes were sent, as far as Node.js tells. Of an unfinished response these are, over HTTP/1 without
 * TLS, what the operating system accepted, else the pieces that were written whole.
 */
export function sentBytesOf(record: RequestRecord): number | undefined {
  const { bodyBytes, framingBytes, response, stream, socket } = record
  if (isBypassed(record)) return undefined
  if (wasSent(record)) return bodyBytes
  if (record.isUnsent) return 0
  const waiting = Math.max(response?.writableLength ?? 0, record.unsentBytes)
  const left = waiting > 0 || stream !== undefined ? waiting : (connectionOf(socket)?.unsentBytes ?? 0)
  // A failed write discards its queue, so how much of it was sent is unknown.
  if (left === 0 && hasFailedWrite(socket)) return undefined
  const written = bodyBytes + (response?.chunkedEncoding ? framingBytes : 0)
  return written === 0 ? 0 : Math.max(0, Math.round(bodyBytes * (1 - left / written)))
}

/** Whether the answer bypassed the response: on an upgraded connection, an HTTP/2 stream or the raw socket. */
function isBypassed(record: RequestRecord): boolean {
  const { raw, headStatus, writtenStatus, stream } = record
  if (raw === undefined) return true
  if (record.pieces > 0) return false
  return (
    (headStatus === undefined && writtenStatus !== undefined) ||
    record.isHandedOver ||
    stream?.sentHeaders !== undefined
  )
}

/** Derives the ending of a request from the noted facts. */
export function endingSeen(record: RequestRecord, isClosing: () => boolean): Ending {
  try {
    const { socket, response, isHandedOver, isRefused, isRouted, isBroken } = record
    const finished = wasSent(record)
    if (!finished && wasUnsent(record)) record.isUnsent = true
    const status = sentStatusOf(record)
    const left = !finished && hasLeft(record)
    if (!finished && !left) record.endError ??= response?.errored ?? socket.errored
    return endingOf({
      status,
      timedOut: record.handlerTimedOut || (!finished && (record.hasTimedOut || hasTimedOut(record))),
      refused: isRefused,
      left,
      finished: finished || (isHandedOver && status !== undefined),
      upgraded: isHandedOver && isAccepted(record.method, status),
      routed: isRouted,
      closing: !isBroken && isClosing(),
    })
  } catch (error) {
    reportFault(error)
    return { outcome: record.isSent ? 'completed' : 'aborted', status: record.headStatus }
  }
}
