import { systemClock } from '../clock.js'
import { currentRecord } from '../context.js'
import type { Propagation, RequestRecord } from '../request/record.js'
import { TRACEPARENT, traceHeadersOf } from './headers.js'

/** A call to another service, before it is sent. */
export interface Call {
  /** The hosts that get it, as {@link hostsOf} finds them: it stays inside if all of them are. */
  readonly hosts: readonly string[]
  has(header: string): boolean
  /** The value of a header that can still be replaced; several of them are joined, as Node.js joins them. */
  get(header: string): string | undefined
  add(header: string, value: string): void
  /** Puts one value in the place of all that a header has. */
  replace(header: string, value: string): void
}

/** A call from which nothing has come back yet, or not all. */
export class OpenCall {
  readonly #record: RequestRecord
  #hasFailed = false
  #isOver = false

  /** Replaces an id that a proxy has copied from its client since the call began; for what takes headers until it is sent. */
  readonly replaceCopiedId: () => void

  constructor(record: RequestRecord, replaceCopiedId: () => void) {
    this.#record = record
    this.replaceCopiedId = replaceCopiedId
    record.beginCall(systemClock.elapsed())
  }

  /** Takes the status of its answer, whose body may never be read. */
  answered(status: number): void {
    if (status >= 500) this.#fail()
  }

  /** @param whole whether all of an answer has come, or what else was asked for */
  end(whole: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!whole) this.#fail()
    this.#record.endCall(systemClock.elapsed())
  }

  #fail(): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#record.callsFailed++
  }
}

/**
 * Follows a call, if it is made for a request: it counts among the request's and, if it stays inside, carries what it
 * belongs to. What the caller set stays; an id that a proxy copies from its client is not set by the caller.
 */
export function followCall(call: Call): OpenCall | undefined {
  const record = currentRecord()
  if (record === undefined) return undefined
  const { propagation } = record.keeper
  if (propagation === undefined || !call.hosts.every(propagation.reaches))
    return new OpenCall(record, () => {})
  sendAlong(call, record, propagation)
  return new OpenCall(record, () => replaceCopiedId(call, record, propagation))
}

function sendAlong(call: Call, record: RequestRecord, propagation: Propagation): void {
  const { header } = propagation
  if (!call.has(header)) call.add(header, record.requestId)
  else replaceCopiedId(call, record, propagation)
  // The state of a trace is nothing beside another trace.
  if (call.has(TRACEPARENT)) return
  for (const [name, value] of Object.entries(traceHeadersOf(record)))
    if (!call.has(name)) call.add(name, value)
}

function replaceCopiedId(call: Call, { requestId, raw }: RequestRecord, { header }: Propagation): void {
  if (isCopied(call.get(header), header, raw?.rawHeaders)) call.replace(header, requestId)
}

/** A header as one text. */
export function joined(value: number | string | readonly string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value?.toString()
}

/** Whether a value is what the client sent under the same name, as a proxy passes it on. */
function isCopied(value: string | undefined, header: string, rawHeaders: readonly string[] = []): boolean {
  if (value === undefined) return false
  const sent = rawHeaders.filter((_value, index) => rawHeaders[index - 1]?.toLowerCase() === header)
  return value === sent.join(', ')
}

/** The forms of a request target without a host (RFC 9112, section 3.2). */
const NAMELESS = /^[/?*]/
const ABSOLUTE = /^https?:\/\//i

/**
 * The hosts that a request reaches: the one it is sent to and, where that is a proxy or a gateway, the one it is for.
 * @param target a proxy is asked for a whole URL or, by CONNECT, for a host
 * @param authority the header `Host` or `:authority`, where it is given
 */
export function hostsOf(receiver: string, target: string, authority: string | undefined): string[] {
  const hosts = [receiver]
  if (!NAMELESS.test(target)) hosts.push(hostOfUrl(ABSOLUTE.test(target) ? target : `http://${target}`))
  if (authority !== undefined && authority !== receiver && !authority.startsWith(`${receiver}:`))
    hosts.push(hostOfUrl(`http://${authority}`))
  return hosts
}

/** The host of a URL; an empty string, which matches no host, if the URL is invalid. */
export function hostOfUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}
