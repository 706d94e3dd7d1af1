import type { IncomingHttpHeaders } from 'node:http'

/** Where a request stands in a distributed trace (W3C Trace Context, level 2). */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly flags: string
  /** What others along the way have added, as it came: the header `tracestate`. */
  readonly state?: string | undefined
}

/** Longer ones need not be passed on (section 3.3.1.5). */
const MAX_STATE = 512

/** Reads where a request stands, from its headers. */
export function readTrace({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | undefined {
  const trace = readTraceparent(traceparent)
  if (trace === undefined || typeof tracestate !== 'string' || tracestate.length > MAX_STATE) return trace
  return { ...trace, state: tracestate }
}

/** The version 00 to the letter; of a later one, what version 00 knows of it. */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Reads a `traceparent` header; one that is not valid is ignored, not repaired. */
export function readTraceparent(header: unknown): TraceContext | undefined {
  // Node.js joins repeated lines with ", ", which does not match.
  if (typeof header !== 'string') return undefined
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(header) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (version === '00' && rest !== undefined) return undefined
  return { traceId, spanId, flags }
}
