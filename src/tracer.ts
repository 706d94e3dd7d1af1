import { attempt } from './rules/attempt.js'
import type { TraceContext } from './rules/traceparent.js'

/** Where every copy of `@opentelemetry/api` 1.x registers what it is given: absent until something registers. */
const API = Symbol.for('opentelemetry.js.api.1')
/** The key of the active span within a context of the API. */
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN')

/** What is read of the registered API; any part of it may be missing. */
interface Api {
  readonly context?: { active(): { getValue(key: symbol): Span | undefined } }
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

/** Where the calling code stands in its trace, if a tracer of OpenTelemetry says so. */
export function activeTrace(): TraceContext | undefined {
  const { [API]: api } = globalThis as { [API]?: Api }
  if (api === undefined) return undefined
  // A tracer that throws, or that is only part of one, has no span to give.
  return attempt(() => readActive(api), undefined)
}

function readActive(api: Api): TraceContext | undefined {
  const span = api.context?.active().getValue(SPAN)?.spanContext()
  if (!span || !TRACE_ID.test(span.traceId) || !SPAN_ID.test(span.spanId)) return undefined
  const { traceId, spanId, traceFlags = 0, traceState } = span
  return { traceId, spanId, flags: toHex(traceFlags), state: traceState?.serialize() || undefined }
}

/** A byte, as trace flags are written. */
export function toHex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
