import type { ServerResponse } from 'node:http'
import { reportFault } from '../safely.js'
import { type Header, type HeadFields, headFor } from './head.js'
import { setHidden } from './hidden.js'

/** Is told what becomes of a response. */
export interface ResponseObserver {
  /** The id that goes with the response. */
  readonly idToSend: string
  /** Whether it was set among the headers of the response before its head. */
  readonly idIsSet: boolean
  /** Whether what is written goes nowhere. */
  isGone(): boolean
  /** Called with the status of the head when that was written. */
  wroteHead(status: number): void
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
    const gone = isGone(observer)
    const more = write.call(this, chunk, encoding, callback)
    note(this, chunk, encoding, gone, false)
    return more
  }

  function watchedEnd(this: Watched, chunk: unknown, encoding: unknown, callback: unknown): ServerResponse {
    const watch = this[WATCH]
    const { observer, end } = watch
    if (this.writableEnded) return end.call(this, chunk, encoding, callback)
    const gone = isGone(observer)
    watch.ending = true
    let result: ServerResponse
    try {
      result = end.call(this, chunk, encoding, callback)
    } finally {
      watch.ending = false
    }
    note(this, chunk, encoding, gone, true)
    return result
  }

  function isGone(observer: ResponseObserver): boolean {
    try {
      return observer.isGone()
    } catch (error) {
      reportFault(error)
      return false
    }
  }

  /** Notes a piece that was written. */
  function note(response: Watched, chunk: unknown, encoding: unknown, gone: boolean, isEnd: boolean): void {
    try {
      const { observer } = response[WATCH]
      if (gone) observer.wroteToNobody()
      else observer.wrote(sizeOf(chunk, encoding))
      if (isEnd) observer.ended()
      if (response.writableLength > 0) observer.held()
    } catch (error) {
      reportFault(error)
    }
  }

  /**
   * Sends the id with the head, which takes the place of a header set before: that has Node.js check all headers twice,
   * refuse lists of pairs and lose repeated names of flat lists. Notes the status that the head was given, also where
   * Node.js writes the head by itself.
   */
  function watchedWriteHead(
    this: Watched,
    status: number,
    reason?: string | HeadFields,
    fields?: HeadFields,
  ): ServerResponse {
    const { observer, writeHead } = this[WATCH]
    let result: ServerResponse
    if (idHeader === undefined || observer.idIsSet) {
      result = writeHead.call(this, status, reason, fields)
    } else if (typeof reason === 'string') {
      result = writeHead.call(this, status, reason, headFor(this, fields, idHeader, observer.idToSend))
    } else {
      result = writeHead.call(this, status, headFor(this, fields ?? reason, idHeader, observer.idToSend))
    }
    // What wraps the method too may have changed the status.
    try {
      observer.wroteHead(this.statusCode)
    } catch (error) {
      reportFault(error)
    }
    return result
  }

  function finish(this: Watched): void {
    try {
      this[WATCH].observer.finished()
    } catch (error) {
      reportFault(error)
    }
  }

  function close(this: Watched): void {
    try {
      this[WATCH].observer.closed()
    } catch (error) {
      reportFault(error)
    }
  }

  return (response, observer) => {
    const { write, end, writeHead } = response as unknown as { write: Write; end: End; writeHead: WriteHead }
    setHidden(response, WATCH, { observer, write, end, writeHead, ending: false })
    setHidden(response, 'write', watchedWrite)
    setHidden(response, 'end', watchedEnd)
    setHidden(response, 'writeHead', watchedWriteHead)
    response.on('finish', finish).on('close', close)
  }
}

function sizeOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, encodingOf(encoding))
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}

function encodingOf(encoding: unknown): BufferEncoding | undefined {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : undefined
}
