import { sentHeader } from '../../request/head-internals.js'
import type { RequestRecord } from '../../request/record.js'
import type { Level } from '../../vocabulary.js'
import type { Field } from '../fields.js'
import { ERROR_PARTS, errorPartOf, type LogRow } from '../log-line.js'
import { type Problems, problemsOf } from './problems.js'

/** What a line says, whether it comes from a request as it is or from a line of data. */
export interface Row {
  readonly kind: 'start' | 'running' | 'completion' | 'log'
  /** Milliseconds since the Unix epoch. */
  readonly time: number
  readonly level: Level
  readonly requestId: string
  /** Absent, as the path is, of what could not be parsed. */
  readonly method?: string | undefined
  readonly path?: string | undefined
  /** Absent of starts. */
  readonly route?: string | undefined
  readonly status?: number | undefined
  readonly durationMs?: number | undefined
  readonly outcome?: string | undefined
  readonly slow?: boolean
  readonly responseBytes?: number | undefined
  /** Where a redirect leads. */
  readonly location?: string | undefined
  readonly calls?: Calls | undefined
  readonly message?: string
  readonly error?: object | undefined
  readonly problems?: Problems | undefined
  readonly fields: readonly RowField[]
}

export type RowField = readonly [name: string, value: unknown]
type Calls = Readonly<Partial<Record<'count' | 'total_ms' | 'failed' | 'open', unknown>>>

/** What has a place of its own in a row of an event. */
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
/** What only programs read: a trace is found by its id. */
const UNSHOWN: ReadonlySet<string> = new Set(['span_id', 'trace_flags', 'dd'])

/** The built-in fields that a row has no place for. */
export function fieldsBeside(fields: readonly Field[]): readonly Field[] {
  return fields.filter(({ key }) => !PLACED.has(key) && !UNSHOWN.has(key))
}

/** The row of an event of a request. */
export function rowOfRecord(
  kind: 'start' | 'running' | 'completion',
  record: RequestRecord,
  level: Level,
  beside: readonly Field[],
): Row {
  const fields: RowField[] = []
  for (const { key, read } of beside) {
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

/** Where a redirect leads, without what may be secret: its query, and all of it where parts of paths are redacted. */
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

/** The row of a line of data: one of the app's own, or an event that came through a logger. */
export function rowOfLine(line: LogRow): Row {
  const { time, level, event, message = '', trace, truncated } = line
  const requestId = line.requestId ?? ''
  const fields: RowField[] = trace?.trace_id === undefined ? [] : [['trace_id', trace.trace_id]]
  // What an app calls an error may be none.
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
  fields.push(...line.fields.filter(([name]) => !PLACED.has(name) && !UNSHOWN.has(name)))
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
