import { randomFillSync } from 'node:crypto'
import { showValue, warnOnce } from '../errors.js'
import type { Propagation } from '../request/parts.js'
import type { RequestRecord } from '../request/record.js'
import type { TraceContext } from '../request/trace.js'
import { activeTrace, toHex } from '../request/trace.js'
import { hostOf, isInside, isListed } from './hosts.js'

/** Which hosts get the id of a request: the complete form of the option `propagate`. */
export type Reach = readonly string[] | ((host: string) => boolean)

/** What calls carry, and to which hosts: the complete form of the options. */
export interface PropagationSettings {
  /** The name of the header for the id. */
  readonly header: string
  readonly reach: Reach
}

/** Sampled, and random trace id (W3C Trace Context, level 2). */
const KNOWN_FLAGS = 0x03
/** Cached decisions; a service calls few hosts, unless a client makes it call many. */
const MAX_DECIDED = 1000

export function createPropagation({ header, reach }: PropagationSettings): Propagation {
  return { header, reaches: typeof reach === 'function' ? askedFor(reach) : decidedOnce(reach) }
}

function decidedOnce(patterns: readonly string[]): Propagation['reaches'] {
  const decided = new Map<string, boolean>()
  return (name) => {
    let answer = decided.get(name)
    if (answer === undefined) {
      const host = hostOf(name)
      answer = host !== undefined && (isInside(host) || isListed(host, patterns))
      if (host === undefined) return false
      if (decided.size >= MAX_DECIDED) decided.clear()
      decided.set(name, answer)
    }
    return answer
  }
}

function askedFor(decide: (host: string) => boolean): Propagation['reaches'] {
  return (name) => {
    const host = hostOf(name)
    if (host === undefined) return false
    let answer: unknown
    try {
      answer = decide(host)
      if (typeof answer === 'boolean') return answer
    } catch (error) {
      answer = error
    }
    const message = `waybill: option "propagate" must return a boolean, got ${showValue(answer)}; nothing was sent`
    warnOnce('WAYBILL_WARN_OPTION_RESULT', 'propagate', message)
    return false
  }
}

export const TRACEPARENT = 'traceparent'

/** Returns the headers that tell another service which request a call belongs to. */
export function headersOf(entry: RequestRecord, { header }: Propagation): Record<string, string> {
  return { [header]: entry.requestId, ...traceHeadersOf(entry) }
}

/** Returns the headers of the trace, if there is one. The parent is the active span, else a new span id. */
export function traceHeadersOf(entry: RequestRecord): Record<string, string> {
  const active = activeTrace()
  const trace = active ?? entry.trace
  if (trace === undefined) return {}
  const traceparent = `00-${trace.traceId}-${active?.spanId ?? newParentId()}-${knownFlags(trace)}`
  return trace.state === undefined ? { traceparent } : { traceparent, tracestate: trace.state }
}

/** Unknown flags are not passed on (W3C Trace Context, section 3.2.2). */
function knownFlags({ flags }: TraceContext): string {
  return toHex(Number.parseInt(flags, 16) & KNOWN_FLAGS)
}

function newParentId(): string {
  const bytes = randomFillSync(Buffer.alloc(8))
  // An id of all zeros is invalid.
  if (bytes.readBigUInt64BE() === 0n) bytes[7] = 1
  return bytes.toString('hex')
}
