import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { connectionOf } from './connection.js'
import { isNetworkError } from './network.js'
import type { Visit } from './visit.js'

/** Whether a stream was reset. */
function isReset({ aborted, rstCode }: ServerHttp2Stream): boolean {
  return aborted || (rstCode ?? 0) !== 0
}

/** Whether a whole response was sent. A stream that was reset emits `finish` all the same (Node.js 20 to 26). */
export function isSent(visit: Visit): boolean {
  const { stream } = visit
  return visit.sent && (stream === undefined || !isReset(stream))
}

/**
 * Whether a client has gone, rather than the server breaking off: it closed its side (FIN), or the network failed
 * (RST). A connection that the server destroys shows neither.
 */
export function hasLeft(visit: Visit): boolean {
  const { stream } = visit
  if (stream !== undefined) return !visit.broken && (isReset(stream) || stream.destroyed)
  const { readableEnded, errored } = visit.socket
  // The server may have destroyed its response with an error of another connection, or of a file.
  if (isNetworkError(errored) && errored !== visit.response?.errored) return true
  return visit.handedOver ? visit.closedFirst : readableEnded === true
}

/** Whether a response that was not finished has not even begun to be sent, although its head was written. */
export function isUnsent({ response, stream, socket, hasTurn, pieces, wasHeld }: Visit): boolean {
  if (response === undefined || stream !== undefined) return false
  // The client has not got the answers to what it asked before.
  if (!hasTurn) return true
  // The one write there was has failed.
  return pieces === 1 && !wasHeld && hasFailedWrite(socket)
}

/** Whether a connection was lost at a write. */
function hasFailedWrite({ errored }: Partial<Socket>): boolean {
  return isNetworkError(errored) && (errored as { syscall?: unknown }).syscall === 'write'
}

/**
 * What of a body has been sent when its response was not finished, as far as Node.js tells: of HTTP/1 without TLS
 * what the operating system took, else the pieces that were written whole.
 */
export function sentBytesOf(visit: Visit): number | undefined {
  const { bodyBytes, framingBytes, response, stream, socket } = visit
  if (isBypassed(visit)) return undefined
  if (isSent(visit)) return bodyBytes
  if (visit.unsent) return 0
  const waiting = Math.max(response?.writableLength ?? 0, visit.unsentBytes)
  const left = waiting > 0 || stream !== undefined ? waiting : (connectionOf(socket)?.unsentBytes ?? 0)
  // A write that failed took its queue along, so that nothing tells how much of it had gone.
  if (left === 0 && hasFailedWrite(socket)) return undefined
  const written = bodyBytes + (response?.chunkedEncoding ? framingBytes : 0)
  return written === 0 ? 0 : Math.max(0, Math.round(bodyBytes * (1 - left / written)))
}

/** Whether an answer went past the response: over a connection that was handed over, a raw stream, by hand. */
function isBypassed({ pieces, handedOver, writtenStatus, stream, headStatus }: Visit): boolean {
  if (pieces > 0) return false
  if (headStatus === undefined && writtenStatus !== undefined) return true
  return handedOver || stream?.sentHeaders !== undefined
}

/** Whether the server ended the connection of a request since nothing came or went over it for too long. */
export function hasTimedOut({ stream, socket }: Visit): boolean {
  return stream === undefined && 'readableEnded' in socket && connectionOf(socket)?.timedOut === true
}
