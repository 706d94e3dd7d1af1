import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Ending, endingOf, isAccepted } from '../request/outcome.js'
import type { RequestRecord } from '../request/record.js'
import { attempt, reportFault, safely, safelyNext, setHidden } from '../safely.js'
import { respondingOn, unsentBytesOf } from './node-internals.js'

const CONNECTION = Symbol('waybill.connection')
type Marked = Socket & { [CONNECTION]?: Connection }

/** What is known of a connection of HTTP/1 beside its requests. */
export class Connection {
  /** The request that came last, while it is open or more of it may come. */
  last: RequestRecord | undefined = undefined
  /** The requests that a client sent ahead and whose turn has not come. */
  waiting: Set<RequestRecord> | undefined = undefined
  /** Whether what came over it could not be parsed: then nothing else is read from it. */
  hasFailed = false
  /** Whether the server ended it because nothing came or went for too long. */
  hasTimedOut = false
  /** The bytes that the operating system had not taken when it was destroyed. */
  unsentBytes = 0
  isWatched = false
}

/** The record of a socket over which a request has come. */
function connectionOf(socket: Partial<Socket>): Connection | undefined {
  return (socket as Marked)[CONNECTION]
}

/** Finds or makes the record of a socket. */
export function connectionFor(socket: Partial<Socket>): Connection {
  const known = connectionOf(socket)
  if (known !== undefined) return known
  const connection = new Connection()
  setHidden(socket, CONNECTION, connection)
  // Node.js decides what becomes of the socket before it emits the event.
  socket.on?.('timeout', () => {
    if (socket.destroyed) connection.hasTimedOut = true
  })
  // A response that was detached from its connection is never closed; all others are by then.
  socket.once?.('close', () => {
    safelyNext(() => connection.last?.keeper.end(connection.last))
  })
  return connection
}

/** Notes the connection that a request came over, and ends the request with it. */
export function watchConnection(record: RequestRecord): void {
  const { socket, stream } = record
  if (stream !== undefined) {
    // Node.js closes no response to HEAD whose stream was reset (20 to 26).
    stream.once('close', () => safely(() => record.keeper.end(record)))
    watchReset(record, stream)
    return
  }
  const connection = connectionFor(socket)
  const { last } = connection
  connection.last = record
  if (!last?.isOpen) return
  // A response that waits for the one before it is never told that its connection was lost (Node.js 20).
  record.waiting = connection.waiting ??= endTogether(socket)
  record.waiting.add(record)
}

/** Ends every pipelined request when the connection closes, with one listener. */
function endTogether(socket: Partial<Socket>): Set<RequestRecord> {
  const waiting = new Set<RequestRecord>()
  socket.once?.('close', () => {
    for (const record of waiting) safely(() => record.keeper.end(record))
  })
  return waiting
}

/** Notes when the turn of a response comes that waits for those before it on the same connection. */
export function watchTurn(record: RequestRecord): void {
  const before = respondingOn(record.socket)
  if (before === undefined || before === record.response) return
  record.hasTurn = false
  record.response?.once('socket', () => {
    record.hasTurn = true
  })
}

/** Lets go of what a connection that is kept alive would hold on to. */
export function leaveConnection(record: RequestRecord): void {
  record.waiting?.delete(record)
  if (record.stream !== undefined || !record.raw?.complete) return
  const connection = connectionOf(record.socket)
  if (connection?.last === record) connection.last = undefined
}

/** Notes that the server itself resets a stream of HTTP/2. */
function watchReset(record: RequestRecord, stream: ServerHttp2Stream): void {
  const { close } = stream
  // A client whose connection is lost has its streams closed so, too.
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

/** Notes that the server destroys a response; a connection of HTTP/1 shows by itself who ended it. */
export function noteDestroyed(record: RequestRecord, error: unknown): void {
  if (record.stream !== undefined || !('readableEnded' in record.socket)) noteBroken(record, error)
}

/** Notes that the server broke a response off, unless its client had gone already. */
export function noteBroken(record: RequestRecord, error: unknown): void {
  if (hasLeft(record)) return
  record.isBroken = true
  if (error) record.endError = error
}

/** Notes that a connection did not take everything at once, and what it has not sent when it is destroyed. */
export function noteHeld(record: RequestRecord): void {
  const { socket, stream, wasHeld } = record
  record.wasHeld = true
  if (stream !== undefined) {
    if (!wasHeld)
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

/** Whether an error came from the operating system, rather than from the server that destroyed something with it. */
export function isNetworkError(error: unknown): boolean {
  const { syscall, code } = (error ?? {}) as { syscall?: unknown; code?: unknown }
  // Writes that were waiting when the server itself closed a connection fail with ECANCELED.
  return typeof syscall === 'string' && code !== 'ECANCELED'
}

function isReset({ aborted, rstCode }: ServerHttp2Stream): boolean {
  return aborted || (rstCode ?? 0) !== 0
}

/** Whether a whole response was sent. A stream that was reset emits `finish` all the same (Node.js 20 to 26). */
export function wasSent(record: RequestRecord): boolean {
  const { isSent, stream, method } = record
  if (stream === undefined) return isSent
  // Node.js ends the stream of a HEAD before anything answers it: its answer is over with the head.
  return method === 'HEAD' ? sentStatusOf(record) !== undefined : isSent && !isReset(stream)
}

/**
 * Whether a client has gone, rather than the server breaking off: it closed its side (FIN), or the network failed
 * (RST). A connection that the server destroys shows neither.
 */
export function hasLeft(record: RequestRecord): boolean {
  const { stream, socket } = record
  if (stream !== undefined) return !record.isBroken && (isReset(stream) || stream.destroyed)
  // The server may have destroyed its response with an error of another connection, or of a file.
  if (isNetworkError(socket.errored) && socket.errored !== record.response?.errored) return true
  return record.isHandedOver ? record.clientClosedFirst : socket.readableEnded === true
}

/** Whether a response that was not finished has not even begun to be sent, although its head was written. */
function wasUnsent({ response, stream, socket, hasTurn, pieces, wasHeld }: RequestRecord): boolean {
  if (response === undefined || stream !== undefined) return false
  // The client has not got the answers to what it asked before, or the one write there was has failed.
  if (!hasTurn) return true
  return pieces === 1 && !wasHeld && hasFailedWrite(socket)
}

function hasFailedWrite({ errored }: Partial<Socket>): boolean {
  return isNetworkError(errored) && (errored as { syscall?: unknown }).syscall === 'write'
}

/** Whether the server ended the connection of a request because nothing came or went over it for too long. */
export function hasTimedOut({ stream, socket }: RequestRecord): boolean {
  return stream === undefined && 'readableEnded' in socket && connectionOf(socket)?.hasTimedOut === true
}

/** The status that was sent, if any was. */
export function sentStatusOf(record: RequestRecord): number | undefined {
  const { writtenStatus, stream } = record
  if (stream === undefined) return writtenStatus ?? (record.isUnsent ? undefined : record.headStatus)
  // A stream of HTTP/2 may be answered itself, past its response.
  const status: unknown = stream.sentHeaders?.[':status']
  return typeof status === 'number' ? status : writtenStatus
}

/**
 * How much of a body was sent when its response was not finished, as far as Node.js tells: over HTTP/1 without TLS what
 * the operating system took, else the pieces that were written whole.
 */
export function sentBytesOf(record: RequestRecord): number | undefined {
  const { bodyBytes, framingBytes, response, stream, socket } = record
  if (isBypassed(record)) return undefined
  if (wasSent(record)) return bodyBytes
  if (record.isUnsent) return 0
  const waiting = Math.max(response?.writableLength ?? 0, record.unsentBytes)
  const left = waiting > 0 || stream !== undefined ? waiting : (connectionOf(socket)?.unsentBytes ?? 0)
  // A write that failed took its queue along, so that nothing tells how much of it had gone.
  if (left === 0 && hasFailedWrite(socket)) return undefined
  const written = bodyBytes + (response?.chunkedEncoding ? framingBytes : 0)
  return written === 0 ? 0 : Math.max(0, Math.round(bodyBytes * (1 - left / written)))
}

/** Whether an answer went past the response: over a connection that was handed over, a raw stream, by hand. */
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

/** The outcome that follows from what was seen of a request. */
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
