import type { ServerResponse } from 'node:http'

/** Is told what a handler does with the body of a response. */
export interface BodyObserver {
  /** The bytes that were handed to the response. */
  responseBytes: number
  /** Called after a write of which the connection has not taken everything at once. */
  held(): void
  /** Called when a handler ends the response, also when nobody is left to get it. */
  ended(): void
}

/** Has a response count what is written into its body, however it is written. */
export function watchBody(response: ServerResponse, observer: BodyObserver): void {
  const write = response.write as (...args: unknown[]) => boolean
  const end = response.end as (...args: unknown[]) => ServerResponse

  response.write = function countedWrite(...args: unknown[]): boolean {
    if (!response.writableEnded) observer.responseBytes += sizeOf(args)
    const more = write.apply(response, args)
    if (response.writableLength > 0) observer.held()
    return more
  }
  response.end = function countedEnd(...args: unknown[]): ServerResponse {
    if (response.writableEnded) return end.apply(response, args)
    observer.ended()
    const before = observer.responseBytes
    end.apply(response, args)
    // HTTP/2 and injected responses hand the last chunk to write(), which has counted it then.
    if (observer.responseBytes === before) observer.responseBytes += sizeOf(args)
    if (response.writableLength > 0) observer.held()
    return response
  }
}

function sizeOf([chunk, encoding]: unknown[]): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, encodingOf(encoding))
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}

function encodingOf(encoding: unknown): BufferEncoding | undefined {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : undefined
}
