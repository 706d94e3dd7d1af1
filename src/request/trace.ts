import type { IncomingHttpHeaders } from 'node:http'
import { injectsTracerIds } from '../environment.js'
import { attempt } from '../safely.js'

/** Where a request stands in a distributed trace (W3C Trace Context, level 2). */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly flags: string
  /** The header `tracestate`, to which each service on the way may add. */
  readonly state?: string | undefined
}

/** Reads the trace context of a request from its headers. */
export function readTrace({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | undefined {
  const trace = traceparent === undefined ? undefined : readTraceparent(traceparent)
  const state = trace && readTraceState(tracestate)
  return trace && state !== undefined ? { ...trace, state } : trace
}

/** Version 00 exactly; of a later version, the fields that version 00 has. */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Reads a `traceparent` header; an invalid one is ignored, not repaired. */
function readTraceparent(header: unknown): TraceContext | undefined {
  // Node.js joins repeated lines with ", ", which does not match.
  if (typeof header !== 'string') return undefined
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(header) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (version === '00' && rest !== undefined) return undefined
  return { traceId, spanId, flags }
}

/** The trace fields of a line. */
export interface TraceFields {
  readonly trace_id: string
  readonly span_id: string
  readonly trace_flags: string
}

/** Returns the trace fields of a line. */
export function traceFields({ traceId, spanId, flags }: TraceContext): TraceFields {
  return { trace_id: traceId, span_id: spanId, trace_flags: flags }
}

/** A key of at most 256 characters, and a value of at most as many that does not end with a space. */
const MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/
const MAX_MEMBERS = 32
/** The greatest number of members, each of the greatest length, with a comma and a few spaces. */
const MAX_HEADER = MAX_MEMBERS * 520
/** The characters that must be passed on at least (section 3.3.1.5); waybill passes on no more. */
const MAX_LENGTH = 512
/** Longer members are dropped first. */
const LARGE = 128

/**
 * Reads a `tracestate` header (W3C Trace Context, level 2, section 3.3). One invalid member invalidates all; a header that
 * is too long loses whole members, large ones first, from the end.
 */
export function readTraceState(header: unknown): string | undefined {
  if (typeof header !== 'string' || header === '' || header.length > MAX_HEADER) return undefined
  const members = header
    .split(',')
    .map(withoutSpaceAround)
    .filter((member) => member !== '')
  if (members.length === 0 || members.length > MAX_MEMBERS) return undefined
  if (!members.every((member) => MEMBER.test(member))) return undefined
  return shorten(members)
}

/** Trims spaces and tabs; a regular expression for trailing space would try each space as the first. */
function withoutSpaceAround(text: string): string {
  let start = 0
  let end = text.length
  while (isSpace(text[start])) start++
  while (end > start && isSpace(text[end - 1])) end--
  return text.slice(start, end)
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

function shorten(members: string[]): string {
  let state = members.join()
  for (const least of [LARGE, 0]) {
    for (let at = members.length - 1; at >= 0 && state.length > MAX_LENGTH; at--) {
      if ((members[at]?.length ?? 0) <= least) continue
      members.splice(at, 1)
      state = members.join()
    }
  }
  return state
}

/** Where every copy of `@opentelemetry/api` 1.x registers its parts; absent until one is registered. */
const API = Symbol.for('opentelemetry.js.api.1')
/** The key of the active span within a context of the API. */
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN')
/** The key of a server instrumentation's metadata, whose span stays the server's within all inner spans. */
const REQUEST = Symbol.for('OpenTelemetry SDK Context Key RPC_METADATA')

/** The part of the registered API that is used; any of it may be missing. */
interface Api {
  readonly context?: { active(): Context }
}

interface Context {
  getValue(key: symbol): unknown
}

interface Span {
  spanContext(): SpanContext | undefined
}

interface SpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags?: number
  readonly traceState?: { serialize(): string }
}

// By W3C Trace Context, section 3.2.2: in lower case, and not all zeros.
const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/

function registeredApi(): Api | undefined {
  return (globalThis as { [API]?: Api })[API]
}

/** Returns the trace context of OpenTelemetry's active span, if there is one. */
export function activeTrace(): TraceContext | undefined {
  const api = registeredApi()
  return api && traceIn(api, (context) => readSpan(context?.getValue(SPAN)))
}

/** Returns the trace context of the request being handled: that of its server span, else of the active span. */
export function serverTrace(): TraceContext | undefined {
  const api = registeredApi()
  return api && traceIn(api, serverSpanIn)
}

/** Reads the active context; a tracer that throws or is incomplete counts as none. */
function traceIn(
  api: Api,
  read: (context: Context | undefined) => TraceContext | undefined,
): TraceContext | undefined {
  return attempt(() => read(api.context?.active()), undefined)
}

/** Returns the trace context that `@fastify/otel` keeps of a request; its span begins after the start event. */
export function fastifyTrace(request: object): TraceContext | undefined {
  return registeredApi() && fastifySpan(request)
}

function fastifySpan(request: object): TraceContext | undefined {
  return attempt(() => {
    const { opentelemetry } = request as { opentelemetry?: () => { readonly context?: Context | null } }
    return opentelemetry && serverSpanIn(opentelemetry.call(request).context)
  }, undefined)
}

function serverSpanIn(context: Context | null | undefined): TraceContext | undefined {
  const { span } = Object(context?.getValue(REQUEST)) as { span?: unknown }
  return readSpan(span) ?? readSpan(context?.getValue(SPAN))
}

function readSpan(span: unknown): TraceContext | undefined {
  const found = (span as Span | undefined)?.spanContext()
  if (!found || !TRACE_ID.test(found.traceId) || !SPAN_ID.test(found.spanId)) return undefined
  const { traceId, spanId, traceFlags = 0, traceState } = found
  return { traceId, spanId, flags: toHex(traceFlags), state: traceState?.serialize() || undefined }
}

/** Formats a byte as two hexadecimal digits. */
export function toHex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

/** The part of Datadog's tracer that is used, found by its global. */
interface DatadogTracer {
  scope(): { active(): unknown }
  inject(span: unknown, format: 'log', carrier: { dd?: object }): void
}

/** Returns the ids by which Datadog's tracer (`dd-trace`) correlates lines, if it is active. */
export function tracerIds(): object | undefined {
  const { _ddtrace: tracer } = globalThis as { _ddtrace?: DatadogTracer }
  return tracer && injectsTracerIds() ? injectedIds(tracer) : undefined
}

function injectedIds(tracer: DatadogTracer): object | undefined {
  return attempt(() => {
    const span = tracer.scope().active()
    if (span === null || span === undefined) return undefined
    const carrier: { dd?: object } = {}
    tracer.inject(span, 'log', carrier)
    return typeof carrier.dd === 'object' ? { ...carrier.dd } : undefined
  }, undefined)
}
