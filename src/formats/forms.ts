import { isIP } from 'node:net'
import type { Level } from '../vocabulary.js'
import { encodeValue } from './text.js'
import { isoTime } from './time.js'

/** Says a thing as one reader wants it; undefined when it then says nothing. */
export type Form = (value: never) => unknown

/** The methods that OpenTelemetry knows (semantic conventions for HTTP spans, `http.request.method`). */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
  'QUERY',
])

const SEVERITY_NUMBER: Readonly<Record<Level, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
}

const GOOGLE_SEVERITY: Readonly<Record<Level, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
}

const DATADOG_STATUS: Readonly<Record<Level, string>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'critical',
}

/** How long a request took, in whole nanoseconds: a safe integer for a hundred days. */
function nanoseconds(durationMs: number): number {
  return Math.round(durationMs * 1e6)
}

/** A host as a request names it: a name or an address, and a port. */
const HOST = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/
const MAX_PORT = 65_535

function hostName(host: string): string | undefined {
  return (HOST.exec(host)?.[1] ?? host) || undefined
}

function hostPort(host: string): number | undefined {
  const port = HOST.exec(host)?.[2]
  return port === undefined || Number(port) > MAX_PORT ? undefined : Number(port)
}

/** An IP address without the zone that it is reached through; what a proxy has made up is none. */
function ipAddress(address: string): string | undefined {
  return isIP(address) === 0 ? undefined : address.replace(/%.*$/s, '')
}

/** HTTP/2 and HTTP/3 have no minor version (RFC 9113, section 3.1). */
function shortVersion(version: string): string {
  return version.replace(/^([2-9])\.0$/, '$1')
}

/** The ways in which a source can be said other than its own, by its name. */
export const FORMS: Readonly<Record<string, Readonly<Record<string, Form>>>> = {
  time: {
    epoch_ms: (time: number) => time,
    epoch_s: (time: number) => time / 1000,
  },
  level: {
    upper: (level: Level) => level.toUpperCase(),
    google: (level: Level) => GOOGLE_SEVERITY[level],
    datadog: (level: Level) => DATADOG_STATUS[level],
    number: (level: Level) => SEVERITY_NUMBER[level],
  },
  duration: {
    s: (durationMs: number) => nanoseconds(durationMs) / 1e9,
    us: (durationMs: number) => Math.round(durationMs * 1e3),
    ns: nanoseconds,
    google: (durationMs: number) => `${(durationMs / 1000).toFixed(6)}s`,
  },
  method: {
    known: (method: string) => (KNOWN_METHODS.has(method) ? method : '_OTHER'),
    unknown: (method: string) => (KNOWN_METHODS.has(method) ? undefined : method),
  },
  protocol: { http: (version: string) => `HTTP/${shortVersion(version)}`, short: shortVersion },
  client_ip: { ip: ipAddress },
  host: { name: hostName, port: hostPort },
  span_id: { decimal: (id: string) => BigInt(`0x${id}`).toString() },
  status: { text: String },
  event: {
    ecs_category: (event: string) => (event.startsWith('request.') ? ['web'] : undefined),
    ecs_type: (event: string) => {
      if (event === 'request.started') return ['access', 'start']
      return event === 'request.completed' ? ['access', 'end'] : ['info']
    },
  },
  response_bytes: { text: String },
  trace_flags: { sampled: (flags: string) => (Number.parseInt(flags, 16) & 1) === 1 },
  slow: { text: String },
  truncated: { text: String },
}

/** What a source says unless a form is named: RFC 3339 for the time, all else as it is. */
export function plainForm(source: string): Form | undefined {
  return source === 'time' ? (time: number) => isoTime(time) : undefined
}

/** A custom value where a reader takes texts, numbers and words only (Elastic's `labels`). */
export function flatValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? encodeValue(value) : value
}
