import { sentHeader } from '../../request/head-internals.js'
import type { RequestRecord } from '../../request/record.js'
import type { Level } from '../../vocabulary.js'
import type { Field } from '../fields.js'
import { ERROR_PARTS, errorPartOf, type LogRow } from '../log-line.js'
import { type Problems, problemsOf } from './problems.js'

/** The content of a row, from the record of a request or from a log line. */
export interface Row {
  readonly kind: 'start' | 'running' | 'completion' | 'log'
  /** Milliseconds since the Unix epoch. */
  readonly time: number
  readonly level: Level
  readonly requestId: string
  /** Absent, like the path, if the request can't be parsed. */
  readonly method?: string | undefined
  readonly path?: string | undefined
  /** Absent on starts. */
  readonly route?: string | undefined
  readonly status?: number | undefined
  readonly durationMs?: number | undefined
  readonly outcome?: string | undefined
  readonly slow?: boolean
  readonly responseBytes?: number | undefined
  /** A redirect's target. */
  readonly location?: string | undefined
  readonly calls?: Calls | undefined
  readonly message?: string
  readonly error?: object | undefined
  readonly problems?: Problems | undefined
  readonly fields: readonly RowField[]
}

export type RowField = readonly [name: string, value: unknown]
type Calls = Readonly<Partial<Record<'count' | 'total_ms' | 'failed' | 'open', unknown>>>

/** Fields with their own place in an event's row. */
const PLACED: ReadonlySet<string> = new Set([
  ...[
    'timestamp',
    'level',
    'event',
    'request_id',
    'method',
    'path',
    'route',
    'status',
    'duration_ms',
    'slow',
    'head_sent',
  ],
  ...['outcome', 'response_bytes', 'calls', 'error', 'message'],
])
/** Fields only for programs; `trace_id` identifies a trace. */
const HIDDEN: ReadonlySet<string> = new Set(['span_id', 'trace_flags', 'dd'])

/** Returns the other built-in fields to show. */
export function unplacedFields(fields: readonly Field[]): readonly Field[] {
  return fields.filter(({ key }) => !PLACED.has(key) && !HIDDEN.has(key))
}

/** Returns the row of an event. */
export function rowOfRecord(
  kind: 'start' | 'running' | 'completion',
  record: RequestRecord,
  level: Level,
  unplaced: readonly Field[],
): Row {
  const fields: RowField[] = []
  for (const { key, read } of unplaced) {
    const value = read(record, level)
    if (value !== undefined) fields.push([key, value])
  }
  const { time, requestId, method, path } = record
  if (kind === 'start') return { kind, time, level, requestId, method, path, fields }
  if (kind === 'running') {
    const { status, durationMs, responseBytes, callCost: calls, bound } = record
    if (bound !== undefined) fields.push(...bound.fields)
    return { kind, time, level, requestId, method, path, status, durationMs, responseBytes, calls, fields }
  }
  if (record.added !== undefined) fields.push(...record.added.fields)
  const { route, status, durationMs, outcome, slow, responseBytes, callCost: calls, failure: error } = record
  const rest = { route, status, durationMs, outcome, slow, responseBytes, calls, error, fields }
  const location = locationOf(record)
  const problems = error && problemsOf(record.thrown?.at(-1))
  return { kind, time, level, requestId, method, path, location, problems, ...rest }
}

/** The target of a redirect without query, fragment and credentials; none if parts of paths are redacted. */
function locationOf(record: RequestRecord): string | undefined {
  const { status = 0, keeper } = record
  if (status < 300 || status > 399 || keeper.redactor.parameters.size > 0) return undefined
  return sentHeader(record, 'location')
    ?.replace(/[?#].*$/s, '')
    .replace(/\/\/[^/@]*@/, '//')
}

const KINDS: ReadonlyMap<string | undefined, Row['kind']> = new Map([
  ['request.started', 'start'],
  ['request.running', 'running'],
  ['request.completed', 'completion'],
])

/** Returns the row of a log line: the app's own, or an event written through a logger. */
export function rowOfLine(line: LogRow): Row {
  const { time, level, event, message = '', trace, truncated } = line
  const requestId = line.requestId ?? ''
  const fields: RowField[] = trace?.trace_id === undefined ? [] : [['trace_id', trace.trace_id]]
  // The field `error` may hold anything.
  const isError = ERROR_PARTS.some((part) => errorPartOf(line, part) !== undefined)
  const error = isError ? line.error : undefined
  if (!isError && line.error !== undefined) fields.push(['error', line.error])
  const problems = problemsOf(error)
  const kind = KINDS.get(event) ?? 'log'
  if (kind === 'log') {
    if (event !== undefined) fields.push(['event', event])
    fields.push(...line.fields)
    if (truncated) fields.push(['truncated', true])
    return { kind, time, level, requestId, message, error, problems, fields }
  }
  const placed: Record<string, unknown> = Object.fromEntries(line.fields)
  fields.push(...line.fields.filter(([name]) => !PLACED.has(name) && !HIDDEN.has(name)))
  return {
    ...{ kind, time, level, requestId, error, problems, fields },
    method: textOf(placed.method),
    path: textOf(placed.path),
    route: textOf(placed.route),
    status: numberOf(placed.status),
    durationMs: numberOf(placed.duration_ms),
    outcome: textOf(placed.outcome),
    slow: placed.slow === true,
    responseBytes: numberOf(placed.response_bytes),
    calls: placed.calls === undefined ? undefined : Object(placed.calls),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
