import { isIP } from 'node:net'
import type { Level } from '../vocabulary.js'
import { encodeValue } from './json.js'

/** Converts a value for a reader; undefined omits the field. */
export type Form = (value: never) => unknown
type Forms = Readonly<Record<string, Form>>

export const TEXT_FORMS: Forms = { text: String }

export const TIME_FORMS: Forms = { epoch_ms: (time: number) => time, epoch_s: (time: number) => time / 1000 }

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

/** OpenTelemetry's logs data model, "SeverityNumber". */
const SEVERITY_NUMBER: Readonly<Record<Level, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
}

export const LEVEL_FORMS: Forms = {
  upper: (level: Level) => level.toUpperCase(),
  google: (level: Level) => GOOGLE_SEVERITY[level],
  datadog: (level: Level) => DATADOG_STATUS[level],
  number: (level: Level) => SEVERITY_NUMBER[level],
}

export const EVENT_FORMS: Forms = {
  ecs_category: (event: string) => (event.startsWith('request.') ? ['web'] : undefined),
  ecs_type: (event: string) => {
    if (event === 'request.started') return ['access', 'start']
    if (event === 'request.completed') return ['access', 'end']
    return event === 'request.running' ? ['access', 'info'] : ['info']
  },
}

/** Converts a span id to a decimal number, as Datadog writes it. */
export function decimal(spanId: string): string {
  return BigInt(`0x${spanId}`).toString()
}

export const SPAN_FORMS: Forms = { decimal }

export const FLAG_FORMS: Forms = { sampled: (flags: string) => (Number.parseInt(flags, 16) & 1) === 1 }

/** OpenTelemetry's known methods (semantic conventions for HTTP spans, `http.request.method`). */
const KNOWN_METHODS: ReadonlySet<unknown> = new Set(
  'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE QUERY'.split(' '),
)

export const METHOD_FORMS: Forms = {
  known: (method: string) => (KNOWN_METHODS.has(method) ? method : '_OTHER'),
  unknown: (method: string) => (KNOWN_METHODS.has(method) ? undefined : method),
}

/** HTTP/2 and HTTP/3 have no minor version (RFC 9113, section 3.1). */
function shortVersion(version: string): string {
  return version.replace(/^([2-9])\.0$/, '$1')
}

export const PROTOCOL_FORMS: Forms = {
  http: (version: string) => `HTTP/${shortVersion(version)}`,
  short: shortVersion,
}

/** Converts to whole nanoseconds, a safe integer for a hundred days. */
function nanoseconds(durationMs: number): number {
  return Math.round(durationMs * 1e6)
}

export const DURATION_FORMS: Forms = {
  s: (durationMs: number) => nanoseconds(durationMs) / 1e9,
  us: (durationMs: number) => Math.round(durationMs * 1e3),
  ns: nanoseconds,
  google: (durationMs: number) => `${(durationMs / 1000).toFixed(6)}s`,
}

/** The value of a `Host` header: a name or an address, and a port. */
const HOST = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/
const MAX_PORT = 65_535

function hostPort(host: string): number | undefined {
  const port = Number(HOST.exec(host)?.[2])
  return port <= MAX_PORT ? port : undefined
}

/** The forms of the details that `include` names. */
export const DETAIL_FORMS: Readonly<Record<string, Forms>> = {
  query: {},
  // Without the zone of an address; a name that a proxy has made up is omitted.
  client_ip: {
    ip: (address: string) => (isIP(address) === 0 ? undefined : address.replace(/%.*$/s, '')),
  },
  user_agent: {},
  host: { name: (host: string) => (HOST.exec(host)?.[1] ?? host) || undefined, port: hostPort },
  referer: {},
  request_bytes: TEXT_FORMS,
  first_byte_ms: TEXT_FORMS,
}

/** Converts objects to JSON text, for readers that take only strings, numbers and booleans (Elastic's `labels`). */
export function flatValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? encodeValue(value) : value
}
