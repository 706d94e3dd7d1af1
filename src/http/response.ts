import type { ServerResponse } from 'node:http'
import { type Header, type HeadFields, headFor } from './head.js'

/** Is told what becomes of a response. */
export interface ResponseObserver {
  /** The id that goes with the response. */
  readonly idToSend: string
  /** Whether it was set among the headers of the response before its head. */
  readonly idIsSet: boolean
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
type WriteHead = (
  this: ServerResponse,
  status: number,
  reason?: string | HeadFields,
  fields?: HeadFields,
) => ServerResponse

/** A response that is watched, with its methods as they were. */
interface Watch {
  readonly observer: ResponseObserver
  readonly write: Write
  readonly end: End
  readonly writeHead: WriteHead
  /** Whether the end is being written: HTTP/2 and injected responses hand its piece to write(). */
  ending: boolean
}

/** Has a response tell an observer what becomes of it. */
export type WatchResponse = (response: ServerResponse, observer: ResponseObserver) => void

/**
 * Makes a function that has responses tell an observer what becomes of them, however they are written. Its listeners
 * are the same for all responses; two such functions may watch the same one.
 * @param idHeader what carries the id that goes with them
 */
export function createWatch(idHeader: Header | undefined): WatchResponse {
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

  /** The id goes with the head: one that is set before has Node.js check all headers twice, for 4,000 instructions. */
  function watchedWriteHead(
    this: Watched,
    status: number,
    reason?: string | HeadFields,
    fields?: HeadFields,
  ): ServerResponse {
    const { observer, writeHead } = this[WATCH]
    if (idHeader === undefined || observer.idIsSet) return writeHead.call(this, status, reason, fields)
    const { idToSend } = observer
    if (typeof reason === 'string')
      return writeHead.call(this, status, reason, headFor(this, fields, idHeader, idToSend))
    return writeHead.call(this, status, headFor(this, fields ?? reason, idHeader, idToSend))
  }

  function finish(this: Watched): void {
    this[WATCH].observer.finished()
  }

  function close(this: Watched): void {
    this[WATCH].observer.closed()
  }

  return (response, observer) => {
    const { write, end, writeHead } = response as unknown as { write: Write; end: End; writeHead: WriteHead }
    ;(response as Watched)[WATCH] = { observer, write, end, writeHead, ending: false }
    response.write = watchedWrite as ServerResponse['write']
    response.end = watchedEnd as ServerResponse['end']
    response.writeHead = watchedWriteHead as ServerResponse['writeHead']
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
