import type { Bindings, ChildLoggerOptions, LogFn, Logger } from 'pino'
import { systemClock } from '../clock.js'
import { currentRecord } from '../context.js'
import { showValue, warnOnce } from '../errors.js'
import { EVENT, type LoggedError, type LoggedField, type LogRow } from '../format/log-line.js'
import {
  type Budget,
  copyField,
  MAX_KEY,
  MAX_ROOM,
  MAX_TEXT,
  MAX_VALUES,
  type Plain,
  propertiesOf,
  readableKey,
} from '../request/copy.js'
import { isError } from '../request/error.js'
import type { RequestRecord } from '../request/record.js'
import { createRedactor, extendRedactor, type Redactor } from '../request/redact.js'
import { activeTrace, type TraceFields, traceFields, tracerIds } from '../request/trace.js'
import { attempt, safely } from '../safely.js'
import { cutText } from '../text.js'
import type { Level } from '../vocabulary.js'
import { fieldFormatterOf, handOver, replaceWrite, serializerOf, writeLine } from './pino-internals.js'

// Lines of the loggers that waybill makes. They are pino's, but for what a line is made of: pino encodes whatever it is
// given, however deep and long, and throws what getters throw.

/** The record of the request that a logger and, by inheritance, its children belong to. */
const RECORD = Symbol('waybill.record')
/** What is bound to a logger, as it is written. */
const BOUND = Symbol('waybill.bound')
/** What decides which fields of its lines are redacted. */
const REDACTOR = Symbol('waybill.redactor')

/** A logger with what waybill keeps of it. */
type Own = Logger & { [RECORD]?: RequestRecord; [BOUND]?: Bound; [REDACTOR]?: Redactor }

/** What is bound to a logger. */
interface Bound {
  readonly fields: readonly LoggedField[]
  /** Whether something was left out for its size. */
  readonly cut: boolean
}

const NOTHING: Bound = { fields: [], cut: false }

/** Makes a logger, and all of its children, write the lines of a format. */
export function writeLines(logger: Logger, logLine: (row: LogRow) => string, redactor: Redactor): void {
  const { child } = logger
  replace(logger, REDACTOR, redactor)
  replaceWrite(logger, function (given, message, level) {
    const line = safely(() => logLine(rowOf(this, given, message, level)))
    if (line === undefined) return
    try {
      handOver(this, line, given, message, level)
    } catch (error) {
      const why = `waybill: a log line is lost: its destination threw ${showValue(error)}`
      warnOnce('WAYBILL_WARN_EVENT_LOST', '', why)
    }
  })
  replace(logger, 'child', function (this: Own, given: Bindings, options?: ChildLoggerOptions): Logger {
    const format = options?.formatters?.bindings
    // pino would call it with no bindings.
    const others = format && { ...options, formatters: { ...options?.formatters, bindings: undefined } }
    const made: Own = Reflect.apply(child, this, [given && {}, others ?? options])
    const paths = redactedPaths(options)
    if (paths !== undefined) replace(made, REDACTOR, extendRedactor(made[REDACTOR] ?? redactor, paths))
    if (given) bind(made, format === undefined ? given : attempt(() => format(given), given))
    return made
  })
  replace(logger, 'setBindings', function (this: Own, given: Bindings): void {
    bind(this, given)
  })
  replace(logger, 'bindings', function (this: Own): Bindings {
    const { [RECORD]: record, [BOUND]: bound = NOTHING } = this
    return { ...(record && { request_id: record.requestId }), ...Object.fromEntries(bound.fields) }
  })
}

/** Calls a logging method of pino's; what it throws when it looks at what it is given does not reach the app. */
export function logMethod(this: Logger, args: unknown[], method: LogFn, level: number): void {
  try {
    Reflect.apply(method, this, args)
  } catch {
    const [given, message] = typeof args[0] === 'string' ? [undefined, args[0]] : args
    writeLine(this, given, typeof message === 'string' ? message : undefined, level)
  }
}

function replace(logger: Logger, name: PropertyKey, value: unknown): void {
  Object.defineProperty(logger, name, { value, writable: true, configurable: true })
}

/** The logger of a request: its lines carry the id, which is bound when it is asked for. */
export function loggerOf(parent: Logger, record: RequestRecord): Logger {
  const logger: Own = Object.create(parent)
  logger[RECORD] = record
  return logger
}

/** Marks a logger that an app has made for a request. */
export function markLogger(logger: Logger, record: RequestRecord): void {
  Reflect.defineProperty(logger, RECORD, { value: record, configurable: true, writable: true })
}

/** The paths that an app has a child logger redact. */
function redactedPaths({ redact }: ChildLoggerOptions = {}): string[] | undefined {
  return Array.isArray(redact) ? redact : redact?.paths
}

function bind(logger: Own, given: object): void {
  const { fields, cut } = logger[BOUND] ?? NOTHING
  const copy = copyOf(given, logger)
  const names = new Set(copy.fields.map(([name]) => name))
  const kept = fields.filter(([name]) => !names.has(name))
  replace(logger, BOUND, { fields: [...kept, ...copy.fields], cut: cut || copy.cut })
}

/** More fields than a line can hold. */
const MAX_FIELDS = 1000

/** Copies what an app logs or binds, as its serializers show it, within a budget. */
function copyOf(given: object, logger: Own): Bound {
  const redactor = logger[REDACTOR] ?? NOTHING_REDACTED
  const fields: LoggedField[] = []
  let room = MAX_ROOM
  let cut = false
  for (const [key, value] of propertiesOf(given)) {
    if (value === undefined) continue
    const serialize = serializerOf(logger, key)
    const shown = serialize === undefined ? value : attempt(() => serialize(value), '[Thrown]')
    // An error has room whatever is beside it.
    const isError = key === 'err' || key === 'error'
    const budget: Budget = { values: MAX_VALUES, room: isError ? MAX_ROOM : room, cut: false, redactor }
    const plain = fields.length < MAX_FIELDS ? copyField(key, shown, budget, redactor.top) : undefined
    if (plain !== undefined) fields.push([readableKey(key), plain])
    if (!isError) room = budget.room - key.length
    cut ||= budget.cut || key.length > MAX_KEY
  }
  return { fields, cut: cut || fields.length === MAX_FIELDS }
}

const NOTHING_REDACTED = createRedactor(false)

/** What a line is made of. */
function rowOf(logger: Own, given: unknown, message: unknown, level: number): LogRow {
  const { [BOUND]: bound = NOTHING, [RECORD]: record } = logger
  // What is no text is a field: pino hands over whatever stands in its place.
  const said = typeof message === 'string' ? message : undefined
  const text = said === undefined ? undefined : cutText(said, MAX_TEXT)
  const fields = isError(given) ? { err: given } : formatted(logger, given)
  const logged = fields === undefined ? NOTHING : copyOf(fields, logger)
  const other = said === undefined && message !== undefined ? copyOf({ message }, logger) : NOTHING
  const taken = new Taken([...bound.fields, ...logged.fields, ...other.fields])
  const isEvent = attempt(() => Reflect.get(Object(given), EVENT) === true, false)
  const boundId = bound.fields.some(([name]) => name === 'request_id')
  const current = record ?? (boundId ? undefined : currentRecord())
  current?.keeper.writeHeldStart(current)
  const active = activeTrace() ?? current?.trace
  if (!taken.has('error')) taken.rename('err', 'error')
  const error = taken.take('error', errorOf)
  return {
    level: (logger.levels.labels[level] ?? 'info') as Level,
    time: systemClock.now(),
    event: taken.take('event', (value) => (isEvent ? textOf(value) : eventOf(value))),
    requestId:
      current === undefined ? taken.take('request_id', textOf) : taken.drop('request_id', current.requestId),
    trace: active === undefined ? traceOf(taken) : traceFields(active),
    tracerIds: tracerIds(),
    message: text ?? taken.take('message', scalarOf) ?? scalarOf(error?.message),
    error,
    fields: taken.left,
    truncated: bound.cut || logged.cut || other.cut || text !== said,
  }
}

/** The fields of a line, from which those are taken that have a place of their own. */
class Taken {
  readonly left: LoggedField[]

  constructor(fields: LoggedField[]) {
    this.left = fields
  }

  has(name: string): boolean {
    return this.left.some(([each]) => each === name)
  }

  /** Takes out the first field of a name, if it looks like what its place holds. */
  take<T>(name: string, read: (value: Plain) => T | undefined): T | undefined {
    const at = this.left.findIndex(([each]) => each === name)
    const found = this.left[at]
    const value = found && read(found[1])
    if (value !== undefined) this.left.splice(at, 1)
    return value
  }

  rename(from: string, to: string): void {
    const at = this.left.findIndex(([each]) => each === from)
    const found = this.left[at]
    if (found !== undefined) this.left[at] = [to, found[1]]
  }

  /** Takes out a field that says what another place says. */
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

/** The names of waybill's own events, which an app can't log. */
const RESERVED_EVENT = /^(?:request|work|process|log)\./

function eventOf(value: Plain): string | undefined {
  return typeof value === 'string' && !RESERVED_EVENT.test(value) ? value : undefined
}

function scalarOf(value: Plain | undefined): string | undefined {
  return value === undefined || typeof value === 'object' ? undefined : String(value)
}

/** An error, as `log.error({ err })`, `log.error(error)` or `log.error({ error: 'a text' })` give it. */
function errorOf(value: Plain): LoggedError | undefined {
  if (typeof value === 'string') return { message: value }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}

const TRACE_FIELDS = [
  ['trace_id', /^[0-9a-f]{32}$/],
  ['span_id', /^[0-9a-f]{16}$/],
  ['trace_flags', /^[0-9a-f]{2}$/],
] as const

/** The trace that an app has logged itself. */
function traceOf(taken: Taken): Partial<TraceFields> | undefined {
  const found = TRACE_FIELDS.flatMap(([name, form]): [string, string][] => {
    const value = taken.take(name, (each) => (typeof each === 'string' && form.test(each) ? each : undefined))
    return value === undefined ? [] : [[name, value]]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}
