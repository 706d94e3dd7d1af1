/** Where a request stands in a distributed trace (W3C Trace Context, level 2). */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly flags: string
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
