import type { ServerResponse } from 'node:http'

/** Counts the bytes of a body. */
export interface ByteCount {
  responseBytes: number
}

/** Has a response count what is written into its body, however it is written. */
export function watchBody(response: ServerResponse, count: ByteCount): void {
  const write = response.write as (...args: unknown[]) => boolean
  const end = response.end as (...args: unknown[]) => ServerResponse

  response.write = function countedWrite(...args: unknown[]): boolean {
    if (!response.writableEnded) count.responseBytes += sizeOf(args)
    return write.apply(response, args)
  }
  response.end = function countedEnd(...args: unknown[]): ServerResponse {
    if (response.writableEnded) return end.apply(response, args)
    const before = count.responseBytes
    end.apply(response, args)
    // HTTP/2 and injected responses hand the last chunk to write(), which has counted it then.
    if (count.responseBytes === before) count.responseBytes += sizeOf(args)
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
