import { Buffer } from 'node:buffer'
import { IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { elapsed } from '../clock.js'
import type { RequestRecord } from '../request/record.js'
import { serverTrace } from '../request/trace.js'
import { reportFault, safely } from '../safely.js'
import { carryResponse, noteLate, recordOfResponse, wrapperOf, wrapResponseEmit } from './carrier.js'
import { noteBuffered, noteDestroyed } from './connection.js'

type Write = (this: ServerResponse, chunk: unknown, encoding: unknown, callback: unknown) => boolean
type End = (this: ServerResponse, chunk: unknown, encoding: unknown, callback: unknown) => ServerResponse
type WriteHead = (
  this: ServerResponse,
  status: number,
  reason?: string | HeadFields,
  fields?: HeadFields,
) => ServerResponse
type Flush = (this: ServerResponse) => void
type Destroy = (this: ServerResponse, error?: Error) => ServerResponse

/** The two line breaks around a chunk, without its size (RFC 9112, section 7.1). */
const CHUNK_FRAMING = 4

const wrapAnswer = wrapperOf({
  emit: wrapResponseEmit,
  write: wrapWrite,
  end: wrapEnd,
  writeHead: wrapWriteHead,
  destroy: wrapDestroy,
  flushHeaders: wrapFlush,
})

/** Notes in a record what is written to its response, and how that ends. */
export function watchResponse(response: ServerResponse, record: RequestRecord): void {
  wrapAnswer(response, record.socket instanceof Socket)
  carryResponse(response, record)
  // It may have been answered already.
  record.isSent = response.writableFinished
  if (response.headersSent) record.headStatus = response.statusCode
}

function wrapWrite(own: Write | undefined, parent: { readonly write: Write }): Write {
  return function write(chunk, encoding, callback) {
    const original = own ?? parent.write
    const record = recordOfResponse(this)
    if (record === undefined || record.isWriting || this.writableEnded)
      return original.call(this, chunk, encoding, callback)
    return writePiece(record, this, original, chunk, encoding, callback, false)
  }
}

function wrapEnd(own: End | undefined, parent: { readonly end: End }): End {
  return function end(chunk, encoding, callback) {
    const original = own ?? parent.end
    const record = recordOfResponse(this)
    if (record === undefined || record.isWriting || this.writableEnded)
      return original.call(this, chunk, encoding, callback)
    return writePiece(record, this, original, chunk, encoding, callback, true)
  }
}

/** Writes a piece and notes its size once, because `end()` may call `write()` with the same piece. */
function writePiece<Result>(
  record: RequestRecord,
  response: ServerResponse,
  write: (this: ServerResponse, chunk: unknown, encoding: unknown, callback: unknown) => Result,
  chunk: unknown,
  encoding: unknown,
  callback: unknown,
  isLast: boolean,
): Result {
  const isLost = isGone(record)
  record.isWriting = true
  let result: Result
  try {
    result = write.call(response, chunk, encoding, callback)
  } finally {
    record.isWriting = false
  }
  try {
    const bytes = sizeOf(chunk, encoding)
    const isBuffered = response.writableLength > 0
    for (let on: RequestRecord | undefined = record; on !== undefined; on = on.outer) {
      if (on.response !== response) continue
      notePiece(on, bytes, isLost, isBuffered)
      if (isLast) noteLate(on)
    }
  } catch (error) {
    reportFault(error)
  }
  return result
}

/** Whether the connection is gone, so that writes are lost. */
function isGone({ stream, response }: RequestRecord): boolean {
  return stream === undefined ? response?.socket?.destroyed === true : stream.destroyed
}

function notePiece(record: RequestRecord, bytes: number, isLost: boolean, isBuffered: boolean): void {
  if (isLost) {
    if (record.pieces === 0 && !record.isHeadFlushed) record.isUnsent = true
  } else {
    record.pieces++
    record.bodyBytes += bytes
    // The size of a chunk in hexadecimal digits.
    record.framingBytes += ((35 - Math.clz32(bytes | 1)) >> 2) + CHUNK_FRAMING
  }
  if (isBuffered) noteBuffered(record)
}

function sizeOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string')
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : undefined)
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}

type UntrackedReceiver = (request: IncomingMessage, response: ServerResponse) => void

let receiveUntracked: UntrackedReceiver | undefined

/** Calls back when a head is written for an HTTP/1 request without a record: Node.js answers some by itself. */
export function onUntrackedHead(receive: UntrackedReceiver): void {
  receiveUntracked = receive
  wrapAnswer(Object.create(ServerResponse.prototype), true)
}

/**
 * Adds the id to the head, and notes the status, also of a head that Node.js writes by itself. An earlier `setHeader()`
 * would make Node.js check all headers twice, refuse lists of pairs and lose repeated names of flat lists.
 */
function wrapWriteHead(own: WriteHead | undefined, parent: { readonly writeHead: WriteHead }): WriteHead {
  return function writeHead(status, reason, fields) {
    const original = own ?? parent.writeHead
    let record = recordOfResponse(this)
    if (record === undefined && receiveUntracked !== undefined && this.req instanceof IncomingMessage) {
      safely(() => receiveUntracked?.(this.req, this))
      record = recordOfResponse(this)
    }
    if (record === undefined) return original.call(this, status, reason, fields)
    const head = headWithIds(this, record, typeof reason === 'string' ? fields : (fields ?? reason))
    const result =
      typeof reason === 'string'
        ? original.call(this, status, reason, head)
        : original.call(this, status, head)
    // A tracer may begin its span after the start event.
    record.trace ??= serverTrace()
    // Another wrapper of the method may have changed the status.
    const { statusCode } = this
    for (let on: RequestRecord | undefined = record; on !== undefined; on = on.outer)
      if (on.response === this) {
        on.headStatus = statusCode
        if (on.keeper.timesHeads) on.headAt ??= elapsed()
      }
    return result
  }
}

/** Adds the id header of each app that tracks the request. */
function headWithIds(response: ServerResponse, record: RequestRecord, fields: HeadFields): HeadFields {
  let head = fields
  try {
    for (let on: RequestRecord | undefined = record; on !== undefined; on = on.outer) {
      const { idHeader } = on.keeper
      if (idHeader !== undefined && on.response === response)
        head = headFor(response, head, idHeader, on.requestId)
    }
  } catch (error) {
    reportFault(error)
  }
  return head
}

/** Notes that the head is sent before the body. */
function wrapFlush(own: Flush | undefined, parent: { readonly flushHeaders: Flush }): Flush {
  return function flushHeaders() {
    const record = recordOfResponse(this)
    if (record !== undefined && !isGone(record))
      for (let on: RequestRecord | undefined = record; on !== undefined; on = on.outer)
        if (on.response === this) on.isHeadFlushed = true
    return (own ?? parent.flushHeaders).call(this)
  }
}

function wrapDestroy(own: Destroy | undefined, parent: { readonly destroy: Destroy }): Destroy {
  return function destroy(error) {
    const original = own ?? parent.destroy
    safely(() => {
      for (let on = recordOfResponse(this); on !== undefined; on = on.outer)
        if (on.response === this) noteDestroyed(on, error)
    })
    return original.call(this, error)
  }
}

/** Headers in any form that `writeHead()` accepts. */
export type HeadFields = OutgoingHttpHeaders | OutgoingHttpHeader[] | null | undefined

/** A header name, as configured and in lower case. */
export interface Header {
  readonly name: string
  readonly lowered: string
}

export function headerNamed(name: string): Header {
  return { name, lowered: name.toLowerCase() }
}

/** Adds a header to a head, unless the app has set it with `setHeader()`. */
function headFor(response: ServerResponse, fields: HeadFields, header: Header, value: string): HeadFields {
  return response.hasHeader(header.lowered)
    ? withoutHeader(fields, header, value)
    : withHeader(fields, header, value)
}

/** Removes the id that Fastify passes on from its reply, because the app has set the header on the raw response. */
function withoutHeader(fields: HeadFields, { lowered }: Header, value: string): HeadFields {
  if (fields === undefined || fields === null || Array.isArray(fields) || fields[lowered] !== value)
    return fields
  const { [lowered]: _ours, ...others } = fields
  return others
}

/** Returns headers with one more, unless they have it; the given ones stay unchanged. */
export function withHeader(fields: HeadFields, header: Header, value: string): HeadFields {
  if (fields === undefined || fields === null) return { [header.name]: value }
  if (Array.isArray(fields)) return withPair(fields, header, value)
  return isAmong(fields, header) ? fields : { ...fields, [header.name]: value }
}

/** Adds a header to a list of alternating names and values, or to a list of pairs. */
function withPair(fields: OutgoingHttpHeader[], { name, lowered }: Header, value: string): HeadFields {
  const isPaired = Array.isArray(fields[0])
  const names = isPaired
    ? fields.map((pair) => (pair as string[])[0])
    : fields.filter((_, at) => at % 2 === 0)
  if (names.some((each) => String(each).toLowerCase() === lowered)) return fields
  return isPaired ? [...fields, [name, value]] : [...fields, name, value]
}

function isAmong(fields: OutgoingHttpHeaders, { lowered }: Header): boolean {
  // Frameworks write names in lower case.
  if (Object.hasOwn(fields, lowered)) return true
  return Object.keys(fields).some((name) => name.length === lowered.length && name.toLowerCase() === lowered)
}
