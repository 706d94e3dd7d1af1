import type { Socket } from 'node:net'
import { Connection } from './connection.js'
import type { Visit } from './visit.js'

/** What the stream of HTTP/2 that carried a response shows of itself. */
interface StreamSigns {
  readonly aborted: boolean
  readonly destroyed: boolean
  readonly rstCode?: number | undefined
}

/** The stream of a response; HTTP/1 has none. */
function streamOf({ response }: Visit): StreamSigns | undefined {
  return (response as { stream?: StreamSigns } | undefined)?.stream
}

/** Whether a stream was reset. */
function isReset({ aborted, rstCode }: StreamSigns): boolean {
  return aborted || (rstCode ?? 0) !== 0
}

/** Whether a whole response was sent. A stream that was reset emits `finish` all the same (Node.js 20 to 26). */
export function isSent(visit: Visit): boolean {
  const stream = streamOf(visit)
  return visit.finished && (stream === undefined || !isReset(stream))
}

/**
 * Whether a client has gone, rather than the server breaking off: it closed its side (FIN), or the network failed
 * (RST). A connection that the server destroys shows neither.
 */
export function hasLeft(visit: Visit): boolean {
  const stream = streamOf(visit)
  if (stream !== undefined) return !visit.broken && (isReset(stream) || stream.destroyed)
  const { readableEnded, errored } = visit.raw.socket as Partial<Socket>
  return readableEnded === true || isNetworkError(errored)
}

/** Whether an error is one that the operating system gave, not one that the server destroyed something with. */
export function isNetworkError(error: unknown): boolean {
  return typeof (error as { syscall?: unknown } | null | undefined)?.syscall === 'string'
}

/** What of a body has been sent when its response was not finished; at least that much, where Node.js does not tell. */
export function sentBytesOf({ responseBytes, response, raw }: Visit): number {
  const waiting = response?.writableLength ?? 0
  const unsent = waiting > 0 || raw.httpVersionMajor !== 1 ? waiting : Connection.of(raw.socket).unsentBytes
  return Math.max(0, responseBytes - unsent)
}
