import type { ServerResponse } from 'node:http'

/** Is told what becomes of a response. */
export interface ResponseObserver {
  /** Called with the size of each piece of the body that was handed to the response. */
  wrote(bytes: number): void
  /** Called when a piece was written while nobody was left to get it. */
  wroteToNobody(): void
  /** Called after a write of which the connection has not taken everything at once. */
  held(): void
  /** Called when a handler has ended the response, also when nobody was left to get it. */
  ended(): void
  /** Called when Node.js says that all of it was handed to the operating system. */
  finished(): void
  closed(): void
}

type Write = (this: ServerResponse, chunk: unknown, encoding: unknown, callback: unknown) => boolean
type End = (this: ServerResponse, chunk: unknown, encoding: unknown, callback: unknown) => ServerResponse

/** A response that is watched, with its methods as they were. */
interface Watch {
  readonly observer: ResponseObserver
  readonly write: Write
  readonly end: End
  /** Whether the end is being written: HTTP/2 and injected responses hand its piece to write(). */
  ending: boolean
}

/**
 * Makes a function that has responses tell an observer what becomes of them, however they are written. Its listeners
 * are the same for all responses; two such functions may watch the same one.
 */
export function createWatch(): (response: ServerResponse, observer: ResponseObserver) => void {
  const WATCH = Symbol('waybill.watch')
  type Watched = ServerResponse & { [WATCH]: Watch }

  function watchedWrite(this: Watched, chunk: unknown, encoding: unknown, callback: unknown): boolean {
    const { observer, write, ending } = this[WATCH]
    if (ending || this.writableEnded) return write.call(this, chunk, encoding, callback)
    const gone = isGone(this)
    const more = write.call(this, chunk, encoding, callback)
    tell(observer, gone, chunk, encoding)
    if (this.writableLength > 0) observer.held()
    return more
  }

  function watchedEnd(this: Watched, chunk: unknown, encoding: unknown, callback: unknown): ServerResponse {
    const watch = this[WATCH]
    const { observer, end } = watch
    if (this.writableEnded) return end.call(this, chunk, encoding, callback)
    const gone = isGone(this)
    watch.ending = true
    let result: ServerResponse
    try {
      result = end.call(this, chunk, encoding, callback)
    } finally {
      watch.ending = false
    }
    tell(observer, gone, chunk, encoding)
    observer.ended()
    if (this.writableLength > 0) observer.held()
    return result
  }

  function finish(this: Watched): void {
    this[WATCH].observer.finished()
  }

  function close(this: Watched): void {
    this[WATCH].observer.closed()
  }

  return (response, observer) => {
    const { write, end } = response as { write: unknown; end: unknown }
    ;(response as Watched)[WATCH] = { observer, write: write as Write, end: end as End, ending: false }
    response.write = watchedWrite as ServerResponse['write']
    response.end = watchedEnd as ServerResponse['end']
    response.on('finish', finish).on('close', close)
  }
}

function tell(observer: ResponseObserver, gone: boolean, chunk: unknown, encoding: unknown): void {
  if (gone) observer.wroteToNobody()
  else observer.wrote(sizeOf(chunk, encoding))
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

function sizeOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, encodingOf(encoding))
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}

function encodingOf(encoding: unknown): BufferEncoding | undefined {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : undefined
}
