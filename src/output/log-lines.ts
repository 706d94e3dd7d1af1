import type { Bindings, ChildLoggerOptions, LogFn, Logger } from 'pino'
import { showValue, warnOnce } from '../errors.js'
import type { LogRow } from '../format/log-line.js'
import type { RequestRecord } from '../request/record.js'
import { extendRedactor, type Redactor } from '../request/redact.js'
import { attempt, safely } from '../safely.js'
import { BOUND, copyOf, NOTHING, type Own, RECORD, REDACTOR, rowOf } from './log-row.js'
import { handOver, replaceWrite, writeLine } from './pino-internals.js'

// Lines of the loggers that waybill makes. They are pino's, but for what a line is made of: pino encodes whatever it is
// given, however deep and long, and throws what getters throw.

/** Makes a logger, and all of its children, write the lines of a format. */
export function writeLines(logger: Logger, logLine: (row: LogRow) => string, redactor: Redactor): void {
  const { child, onChild: ignore } = logger

  /** Makes a child as pino does, which would call `onChild` before anything is bound. */
  function makeChild(parent: Own, args: unknown[]): Own {
    const { onChild } = parent
    if (onChild === ignore) return Reflect.apply(child, parent, args)
    parent.onChild = ignore
    try {
      return Reflect.apply(child, parent, args)
    } finally {
      parent.onChild = onChild
    }
  }

  replace(logger, REDACTOR, redactor)
  replaceWrite(logger, function (given, message, level) {
    const row = safely(() => rowOf(this, given, message, level))
    const line = row && safely(() => logLine(row))
    if (line === undefined) return
    try {
      handOver(this, line, { level, object: given, message, time: row?.time })
    } catch (error) {
      const why = `waybill: a log line is lost: its destination threw ${showValue(error)}`
      warnOnce('WAYBILL_WARN_EVENT_LOST', '', why)
    }
  })
  replace(logger, 'child', function (this: Own, given: Bindings, options?: ChildLoggerOptions): Logger {
    const format = options?.formatters?.bindings
    // pino would call it with no bindings.
    const others = format && { ...options, formatters: { ...options?.formatters, bindings: undefined } }
    const made = makeChild(this, [given && {}, others ?? options])
    const paths = redactedPaths(options)
    if (paths !== undefined) replace(made, REDACTOR, extendRedactor(made[REDACTOR] ?? redactor, paths))
    if (given) bind(made, format === undefined ? given : attempt(() => format(given), given))
    if (this.onChild !== ignore) Reflect.apply(this.onChild, this, [made])
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
