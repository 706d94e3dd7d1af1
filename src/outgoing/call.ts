import { systemClock } from '../clock.js'
import { currentRecord } from '../context.js'
import { Calls } from '../request/calls.js'
import type { Propagation } from '../request/parts.js'
import type { RequestRecord } from '../request/record.js'
import { TRACEPARENT, traceHeadersOf } from './headers.js'

/** A call to another service, before it is sent. */
export interface Call {
  /** The hosts that it reaches, as {@link hostsOf} finds them; it stays inside if all of them are inside. */
  readonly hosts: readonly string[]
  has(header: string): boolean
  /** Returns the value of a header that can still be replaced; several are joined, as Node.js joins them. */
  get(header: string): string | undefined
  add(header: string, value: string): void
  /** Replaces all values of a header with one. */
  replace(header: string, value: string): void
}

/** A call whose response is not complete yet. */
export class OpenCall {
  readonly #record: RequestRecord
  #hasFailed = false
  #isOver = false

  /** Replaces an id that a proxy has copied from its client since the call began, if headers can still be set. */
  readonly replaceCopiedId: () => void

  constructor(record: RequestRecord, replaceCopiedId: () => void) {
    this.#record = record
    this.replaceCopiedId = replaceCopiedId
    const calls = record.calls ?? new Calls()
    record.calls = calls
    calls.begin(systemClock.elapsed())
  }

  /** Notes the status of its response, whose body may never be read. */
  answered(status: number): void {
    if (status >= 500) this.#fail()
  }

  /** @param whole whether the whole response has arrived, or the connection was upgraded as asked for */
  end(whole: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!whole) this.#fail()
    this.#record.calls?.end(systemClock.elapsed())
  }

  #fail(): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    if (this.#record.calls !== undefined) this.#record.calls.failed++
  }
}

/**
 * Tracks a call that is made for a request: it counts among the request's calls and, if it stays inside, carries the id and
 * the trace. Headers that the caller set stay, except an id that a proxy copied from its client.
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
  // A `tracestate` makes no sense with another trace's `traceparent`.
  if (call.has(TRACEPARENT)) return
  for (const [name, value] of Object.entries(traceHeadersOf(record)))
    if (!call.has(name)) call.add(name, value)
}

function replaceCopiedId(call: Call, { requestId, raw }: RequestRecord, { header }: Propagation): void {
  if (isCopied(call.get(header), header, raw?.rawHeaders)) call.replace(header, requestId)
}

/** Joins the values of a header. */
export function joined(value: number | string | readonly string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value?.toString()
}

/** Whether a value is the one that the client sent in the same header, as a proxy copies it. */
function isCopied(value: string | undefined, header: string, rawHeaders: readonly string[] = []): boolean {
  if (value === undefined) return false
  const sent = rawHeaders.filter((_value, index) => rawHeaders[index - 1]?.toLowerCase() === header)
  return value === sent.join(', ')
}

/** The forms of a request target without a host (RFC 9112, section 3.2). */
const NAMELESS = /^[/?*]/
const ABSOLUTE = /^https?:\/\//i

/**
 * Returns the hosts that a request reaches: the one it is sent to and, through a proxy or gateway, the one it is meant for.
 * @param target the request target; for a proxy, a whole URL or, with CONNECT, a host
 * @param authority the header `Host` or `:authority`, if there is one
 */
export function hostsOf(receiver: string, target: string, authority: string | undefined): string[] {
  const hosts = [receiver]
  if (!NAMELESS.test(target)) hosts.push(hostOfUrl(ABSOLUTE.test(target) ? target : `http://${target}`))
  if (authority !== undefined && authority !== receiver && !authority.startsWith(`${receiver}:`))
    hosts.push(hostOfUrl(`http://${authority}`))
  return hosts
}

/** Returns the host of a URL, or an empty string, which matches no host, if the URL is invalid. */
export function hostOfUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}
