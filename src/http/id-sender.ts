import { validateHeaderValue } from 'node:http'
import { attempt } from '../safely.js'
import { type Header, headerNamed } from './head.js'
import type { RawResponse, Visit } from './visit.js'

/** Sends the ids of requests back with their responses. */
export class IdSender {
  /** Undefined where none is sent. */
  readonly header: Header | undefined

  constructor(name: string | undefined) {
    this.header = name === undefined ? undefined : headerNamed(name)
  }

  /** Sets the header now, for what asks a response for its headers before its head is written, or takes them away. */
  set(visit: Visit, response: RawResponse): void {
    const { name } = this.header ?? {}
    if (name === undefined || response.headersSent) return
    visit.idIsSet = attempt(() => response.setHeader(name, visit.idToSend) === response, false)
  }

  /** Sends an id with what a framework answers, which hands its own headers to the head. */
  sendWith({ idToSend }: Visit, reply: { header(name: string, value: string): unknown }): void {
    // In lower case, as frameworks keep it: else each makes a text of its own of it.
    if (this.header !== undefined) reply.header(this.header.lowered, idToSend)
  }

  /** Has another id go with a response than that which it was received with, as long as it can. */
  sendInstead(visit: Visit, id: string): void {
    visit.idToSend = id
    if (visit.response !== undefined && isSetAtOnce(visit)) this.set(visit, visit.response)
  }
}

/** Whether an id can't wait for the head: HTTP/2 may write that by itself. */
export function isSetAtOnce({ raw }: Visit): boolean {
  return raw.httpVersionMajor !== 1
}

/** Whether what an app has made as an id can be sent. */
export function isSendable(id: unknown): id is string {
  return (
    typeof id === 'string' && id !== '' && attempt(() => validateHeaderValue('id', id) === undefined, false)
  )
}
