import { Calls } from '../calls.js'
import { systemClock } from '../clock.js'
import { currentContext } from '../context.js'
import type { Entry } from '../entry.js'
import { type Propagation, TRACEPARENT, traceHeadersOf } from './propagation.js'

/** A call to another service, before it is sent. */
export interface Call {
  /** The hosts that get it, as {@link hostsOf} finds them: it stays inside if all of them are. */
  readonly hosts: readonly string[]
  has(header: string): boolean
  add(header: string, value: string): void
}

/** A call from which nothing has come back yet, or not all. */
export class OpenCall {
  readonly #calls: Calls
  #hasFailed = false
  #isOver = false

  constructor(entry: Entry) {
    entry.calls ??= new Calls()
    this.#calls = entry.calls
    this.#calls.begin(systemClock.elapsed())
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
    this.#calls.end(systemClock.elapsed())
  }

  #fail(): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#calls.fail()
  }
}

/**
 * Follows a call, if it is made for a request: it counts among the request's and, if it stays inside, carries what it
 * belongs to. What the caller set stays.
 */
export function followCall(call: Call): OpenCall | undefined {
  const context = currentContext()
  if (context === undefined) return undefined
  const { entry, propagation } = context
  if (propagation !== undefined && call.hosts.every(propagation.reaches)) sendAlong(call, entry, propagation)
  return new OpenCall(entry)
}

function sendAlong(call: Call, entry: Entry, { header }: Propagation): void {
  if (!call.has(header)) call.add(header, entry.requestId)
  // The state of a trace is nothing beside another trace.
  if (call.has(TRACEPARENT)) return
  for (const [name, value] of Object.entries(traceHeadersOf(entry)))
    if (!call.has(name)) call.add(name, value)
}

/** The forms of a request target that name nobody (RFC 9112, section 3.2). */
const NAMELESS = /^[/?*]/
const ABSOLUTE = /^https?:\/\//i

/**
 * Whom a request goes to: whom it is sent to and, as proxies and gateways pass it on, whom it is for.
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

/** The host of a URL; one that is none is what nobody is. */
export function hostOfUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}
