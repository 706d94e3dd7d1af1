import type { IncomingHttpHeaders } from 'node:http'
import { readTraceState } from './tracestate.js'

/** Where a request stands in a distributed trace (W3C Trace Context, level 2). */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly flags: string
  /** What others along the way have added: the header `tracestate`. */
  readonly state?: string | undefined
}

/** Reads where a request stands, from its headers. */
export function readTrace({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | undefined {
  const trace = traceparent === undefined ? undefined : readTraceparent(traceparent)
  const state = trace && readTraceState(tracestate)
  return trace && state !== undefined ? { ...trace, state } : trace
}

/** The version 00 to the letter; of a later one, what version 00 knows of it. */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Reads a `traceparent` header; one that is not valid is ignored, not repaired. */
function readTraceparent(header: unknown): TraceContext | undefined {
  // Node.js joins repeated lines with ", ", which does not match.
  if (typeof header !== 'string') return undefined
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(header) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (version === '00' && rest !== undefined) return undefined
  return { traceId, spanId, flags }
}

/** What lines say of the trace that they belong to. */
export interface TraceFields {
  readonly trace_id: string
  readonly span_id: string
  readonly trace_flags: string
}

/** Says where a line stands in its trace. */
export function traceFields({ traceId, spanId, flags }: TraceContext): TraceFields {
  return { trace_id: traceId, span_id: spanId, trace_flags: flags }
}
