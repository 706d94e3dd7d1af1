import { createRequire } from 'node:module'
import type { TraceContext } from './rules/traceparent.js'

/** What is used of `@opentelemetry/api`, an optional peer. */
type Api = Pick<typeof import('@opentelemetry/api'), 'trace' | 'isSpanContextValid'>

const api = loadApi()

function loadApi(): Api | undefined {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as Api
  } catch {
    return undefined
  }
}

/** Where the calling code stands in its trace, if a tracer of OpenTelemetry says so. */
export function activeTrace(): TraceContext | undefined {
  const span = api?.trace.getActiveSpan()?.spanContext()
  if (span === undefined || api?.isSpanContextValid(span) !== true) return undefined
  const { traceId, spanId, traceFlags, traceState } = span
  return { traceId, spanId, flags: toHex(traceFlags), state: traceState?.serialize() || undefined }
}

/** A byte, as trace flags are written. */
export function toHex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
