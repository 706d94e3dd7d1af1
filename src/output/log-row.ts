import type { Logger } from 'pino'
import { systemClock } from '../clock.js'
import { currentRecord } from '../context.js'
import { EVENT, type LoggedError, type LoggedField, type LogRow } from '../format/log-line.js'
import {
  type Budget,
  copyField,
  MAX_KEY,
  MAX_ROOM,
  MAX_TEXT,
  MAX_VALUES,
  type Plain,
  propertyOf,
  readableKey,
} from '../request/copy.js'
import { isError } from '../request/error.js'
import type { RequestRecord } from '../request/record.js'
import { createRedactor, type Redactor } from '../request/redact.js'
import { activeTrace, type TraceFields, traceFields, tracerIds } from '../request/trace.js'
import { attempt, keysOf } from '../safely.js'
import { cutText } from '../text.js'
import type { Level } from '../vocabulary.js'
import { isHeldBack } from './held-lines.js'
import { fieldFormatterOf, serializersOf } from './pino-internals.js'

/** The record of a logger's request, which its children inherit. */
export const RECORD = Symbol('waybill.record')
/** The bindings of a logger, as they are written. */
export const BOUND = Symbol('waybill.bound')
/** The redactor of a logger's fields. */
export const REDACTOR = Symbol('waybill.redactor')

/** A logger that waybill created, with its state. */
export type WaybillLogger = Logger & { [RECORD]?: RequestRecord; [BOUND]?: Bound; [REDACTOR]?: Redactor }

/** Copied fields, such as the bindings of a logger. */
export interface Bound {
  readonly fields: readonly LoggedField[]
  /** Whether something was left out for its size. */
  readonly cut: boolean
}

export const NOTHING: Bound = { fields: [], cut: false }

/** Fields per call; no line holds as many. */
const MAX_FIELDS = 1000

/** Copies what an app logs or binds, after its serializers, within a budget. */
export function copyOf(given: object, logger: WaybillLogger): Bound {
  const redactor = logger[REDACTOR] ?? NOTHING_REDACTED
  const serializers = serializersOf(logger)
  const fields: LoggedField[] = []
  const budget: Budget = { values: MAX_VALUES, room: MAX_ROOM, cut: false, redactor }
  for (const key of keysOf(given, MAX_FIELDS + 1)) {
    const value = propertyOf(given, key)
    if (value === undefined) continue
    if (fields.length === MAX_FIELDS || key.length > MAX_KEY) budget.cut = true
    if (fields.length === MAX_FIELDS) break
    const serialize = Object.hasOwn(serializers, key) ? serializers[key] : undefined
    const shown = serialize === undefined ? value : attempt(() => serialize(value), '[Thrown]')
    const { room } = budget
    const isError = key === 'err' || key === 'error'
    // An error gets its room whatever the other fields take.
    budget.room = isError ? MAX_ROOM : room - key.length
    budget.values = MAX_VALUES
    const plain = copyField(key, shown, budget, redactor.top)
    if (plain !== undefined) fields.push([readableKey(key), plain])
    if (isError) budget.room = room
  }
  return { fields, cut: budget.cut }
}

const NOTHING_REDACTED = createRedactor(false)

/** Creates a row from the arguments of a logging method. */
export function rowOf(logger: WaybillLogger, given: unknown, message: unknown, level: number): LogRow {
  const { [BOUND]: bound = NOTHING, [RECORD]: record } = logger
  // A message that is no string becomes a field, because pino passes on any value.
  const said = typeof message === 'string' ? message : undefined
  const text = said === undefined ? undefined : cutText(said, MAX_TEXT)
  const fields = isError(given) ? { err: given } : formatted(logger, given)
  const logged = fields === undefined ? NOTHING : copyOf(fields, logger)
  const other = said === undefined && message !== undefined ? copyOf({ message }, logger) : NOTHING
  const boundId = bound.fields.some(([name]) => name === 'request_id')
  const current = record ?? (boundId ? undefined : currentRecord())
  const line = new LineFields([
    ...bound.fields,
    ...boundTo(current, bound),
    ...logged.fields,
    ...other.fields,
  ])
  if (current?.startHeld && !isHeldBack(logger, level)) current.keeper.writeHeldStart(current)
  const active = activeTrace() ?? current?.trace
  if (!line.has('error')) line.rename('err', 'error')
  const error = line.take('error', errorOf)
  return {
    level: (logger.levels.labels[level] ?? 'info') as Level,
    time: systemClock.now(),
    event: line.take('event', (value) => (isEvent(given) ? textOf(value) : eventOf(value))),
    requestId:
      current === undefined ? line.take('request_id', textOf) : line.drop('request_id', current.requestId),
    trace: active === undefined ? traceOf(line) : traceFields(active),
    tracerIds: tracerIds(),
    message: text ?? line.take('message', scalarOf) ?? scalarOf(error?.message),
    error,
    fields: line.left,
    truncated: bound.cut || current?.bound?.cut === true || logged.cut || other.cut || text !== said,
  }
}

/** The fields that a request has bound, but those that its logger binds itself. */
function boundTo(record: RequestRecord | undefined, { fields }: Bound): Iterable<LoggedField> {
  if (record?.bound === undefined) return []
  const names = new Set(fields.map(([name]) => name))
  return [...record.bound.fields].filter(([name]) => !names.has(name))
}

/** Whether a logged object is an event of waybill's own. */
function isEvent(given: unknown): boolean {
  return attempt(() => Reflect.get(Object(given), EVENT) === true, false)
}

/** The names of fields that a row has its own properties for. */
const PLACED: ReadonlySet<string> = new Set([
  'event',
  'request_id',
  'trace_id',
  'span_id',
  'trace_flags',
  'message',
  'err',
  'error',
])

/** The fields of a line; those that a row has its own properties for are taken out. */
class LineFields {
  readonly left: LoggedField[]
  /** Whether there are such fields; most lines have none and need no search. */
  readonly hasPlaced: boolean

  constructor(fields: LoggedField[]) {
    this.left = fields
    this.hasPlaced = fields.some(([name]) => PLACED.has(name))
  }

  has(name: string): boolean {
    return this.hasPlaced && this.left.some(([each]) => each === name)
  }

  /** Takes out the first field of a name, unless `read` rejects its value. */
  take<T>(name: string, read: (value: Plain) => T | undefined): T | undefined {
    if (!this.hasPlaced) return undefined
    const at = this.left.findIndex(([each]) => each === name)
    const found = this.left[at]
    const value = found && read(found[1])
    if (value !== undefined) this.left.splice(at, 1)
    return value
  }

  rename(from: string, to: string): void {
    if (!this.hasPlaced) return
    const at = this.left.findIndex(([each]) => each === from)
    const found = this.left[at]
    if (found !== undefined) this.left[at] = [to, found[1]]
  }

  /** Takes out a field that repeats a known value. */
  drop(name: string, value: string): string {
    this.take(name, (each) => (each === value ? each : undefined))
    return value
  }
}

function formatted(logger: Logger, given: unknown): object | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const log = fieldFormatterOf(logger)
  return log === undefined ? given : attempt(() => log(given), given)
}

function textOf(value: Plain): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The names of waybill's events, which an app can't log. */
const RESERVED_EVENT = /^(?:request|work|process|log)\./

function eventOf(value: Plain): string | undefined {
  return typeof value === 'string' && !RESERVED_EVENT.test(value) ? value : undefined
}

function scalarOf(value: Plain | undefined): string | undefined {
  return value === undefined || typeof value === 'object' ? undefined : String(value)
}

/** Reads an error from `log.error({ err })`, `log.error(error)` or `log.error({ error: 'a text' })`. */
function errorOf(value: Plain): LoggedError | undefined {
  if (typeof value === 'string') return { message: value }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}

const TRACE_FIELDS = [
  ['trace_id', /^[0-9a-f]{32}$/],
  ['span_id', /^[0-9a-f]{16}$/],
  ['trace_flags', /^[0-9a-f]{2}$/],
] as const

/** Takes out the trace that an app has logged itself. */
function traceOf(line: LineFields): Partial<TraceFields> | undefined {
  if (!line.hasPlaced) return undefined
  const found = TRACE_FIELDS.flatMap(([name, form]): [string, string][] => {
    const value = line.take(name, (each) => (typeof each === 'string' && form.test(each) ? each : undefined))
    return value === undefined ? [] : [[name, value]]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}
