import type { ServerResponse } from 'node:http'

/** Is told what a handler does with the body of a response. */
export interface BodyObserver {
  /** Called with the size of each piece that is handed to the response. */
  wrote(bytes: number): void
  /** Called when a piece is written while nobody is left to get it. */
  wroteToNobody(): void
  /** Called after a write of which the connection has not taken everything at once. */
  held(): void
  /** Called when a handler ends the response, also when nobody is left to get it. */
  ended(): void
}

/** Has a response tell what is written into its body, however it is written. */
export function watchBody(response: ServerResponse, observer: BodyObserver): void {
  const write = response.write as (...args: unknown[]) => boolean
  const end = response.end as (...args: unknown[]) => ServerResponse
  /** Whether the end is being written: HTTP/2 and injected responses hand its piece to write(). */
  let ending = false

  function tell(args: unknown[]): void {
    if (isGone(response)) observer.wroteToNobody()
    else observer.wrote(sizeOf(args))
  }

  response.write = function watchedWrite(...args: unknown[]): boolean {
    if (!ending && !response.writableEnded) tell(args)
    const more = write.apply(response, args)
    if (response.writableLength > 0) observer.held()
    return more
  }
  response.end = function watchedEnd(...args: unknown[]): ServerResponse {
    if (ending || response.writableEnded) return end.apply(response, args)
    ending = true
    observer.ended()
    tell(args)
    end.apply(response, args)
    if (response.writableLength > 0) observer.held()
    return response
  }
}

/** Whether what is written goes nowhere. */
function isGone(response: ServerResponse): boolean {
  const { stream } = response as { stream?: Destroyable }
  const carrier: Destroyable | null = stream ?? response.socket
  return carrier?.destroyed === true
}

/** What carries a response: a socket, or a stream of HTTP/2. */
interface Destroyable {
  readonly destroyed: boolean
}

function sizeOf([chunk, encoding]: unknown[]): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, encodingOf(encoding))
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}

function encodingOf(encoding: unknown): BufferEncoding | undefined {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : undefined
}
