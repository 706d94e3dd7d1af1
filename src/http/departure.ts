import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { Connection } from './connection.js'
import { isNetworkError } from './network.js'
import type { Visit } from './visit.js'

/** The stream of HTTP/2 that carries a response; HTTP/1 has none. */
export function streamOf({ response }: Visit): ServerHttp2Stream | undefined {
  return (response as { stream?: ServerHttp2Stream } | undefined)?.stream
}

/** Whether a stream was reset. */
function isReset({ aborted, rstCode }: ServerHttp2Stream): boolean {
  return aborted || (rstCode ?? 0) !== 0
}

/** Whether a whole response was sent. A stream that was reset emits `finish` all the same (Node.js 20 to 26). */
export function isSent(visit: Visit): boolean {
  const stream = streamOf(visit)
  return visit.sent && (stream === undefined || !isReset(stream))
}

/**
 * Whether a client has gone, rather than the server breaking off: it closed its side (FIN), or the network failed
 * (RST). A connection that the server destroys shows neither.
 */
export function hasLeft(visit: Visit): boolean {
  const stream = streamOf(visit)
  if (stream !== undefined) return !visit.broken && (isReset(stream) || stream.destroyed)
  const { readableEnded, errored } = visit.raw.socket as Partial<Socket>
  // The server may have destroyed its response with an error of another connection, or of a file.
  if (isNetworkError(errored) && errored !== visit.response?.errored) return true
  return visit.handedOver ? visit.closedFirst : readableEnded === true
}

/** Whether a response that was not finished has not even begun to be sent, although its head was written. */
export function isUnsent({ response, raw, pieces, wasHeld }: Visit): boolean {
  if (response === undefined || raw.httpVersionMajor !== 1) return false
  // Its turn had not come: the client has not got the answers to what it asked before.
  if (response.socket === null && !response.writableFinished) return true
  const { errored } = raw.socket as Partial<Socket>
  // The one write there was has failed.
  return (
    pieces === 1 &&
    !wasHeld &&
    isNetworkError(errored) &&
    (errored as { syscall?: unknown }).syscall === 'write'
  )
}

/**
 * What of a body has been sent when its response was not finished, as far as Node.js tells: of HTTP/1 without TLS
 * what the operating system took, else the pieces that were written whole.
 */
export function sentBytesOf(visit: Visit): number | undefined {
  const { bodyBytes, framingBytes, response, raw } = visit
  if (isBypassed(visit)) return undefined
  if (isSent(visit)) return bodyBytes
  if (visit.unsent) return 0
  const waiting = Math.max(response?.writableLength ?? 0, visit.unsentBytes)
  const left = waiting > 0 || raw.httpVersionMajor !== 1 ? waiting : Connection.of(raw.socket).unsentBytes
  const written = bodyBytes + (response?.chunkedEncoding ? framingBytes : 0)
  return written === 0 ? 0 : Math.max(0, Math.round(bodyBytes * (1 - left / written)))
}

/** Whether an answer went past the response, as a connection that was handed over and a raw HTTP/2 stream do. */
function isBypassed(visit: Visit): boolean {
  return visit.pieces === 0 && (visit.handedOver || streamOf(visit)?.sentHeaders !== undefined)
}

/** Whether the server ended the connection of a request since nothing came or went over it for too long. */
export function hasTimedOut({ raw }: Visit): boolean {
  return raw.httpVersionMajor === 1 && 'readableEnded' in raw.socket && Connection.of(raw.socket).timedOut
}
