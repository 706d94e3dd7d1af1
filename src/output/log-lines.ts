import type { Bindings, ChildLoggerOptions, LogFn, Logger } from 'pino'
import { showValue, warnOnce } from '../errors.js'
import type { LogRow } from '../format/log-line.js'
import type { RequestRecord } from '../request/record.js'
import { extendRedactor, type Redactor } from '../request/redact.js'
import { attempt, safely } from '../safely.js'
import { BOUND, copyOf, NOTHING, RECORD, REDACTOR, rowOf, type WaybillLogger } from './log-row.js'
import { replaceWrite, writeLine, writeToStream } from './pino-internals.js'

// The pino loggers that waybill creates. waybill formats their lines itself, because pino encodes values of any depth and
// length, and throws what getters throw.

/** Makes a logger and all its children write lines in a format. */
export function useFormat(logger: Logger, logLine: (row: LogRow) => string, redactor: Redactor): void {
  const { child, onChild: ignore } = logger

  /** Creates a child as pino does, but without `onChild`, which pino would call before anything is bound. */
  function makeChild(parent: WaybillLogger, args: unknown[]): WaybillLogger {
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
      writeToStream(this, line, { level, object: given, message, time: row?.time })
    } catch (error) {
      const why = `waybill: a log line is lost: its destination threw ${showValue(error)}`
      warnOnce('WAYBILL_WARN_EVENT_LOST', '', why)
    }
  })
  replace(
    logger,
    'child',
    function (this: WaybillLogger, given: Bindings, options?: ChildLoggerOptions): Logger {
      const format = options?.formatters?.bindings
      // Removed, because pino would call it without bindings.
      const others = format && { ...options, formatters: { ...options?.formatters, bindings: undefined } }
      const made = makeChild(this, [given && {}, others ?? options])
      const paths = redactedPaths(options)
      if (paths !== undefined) replace(made, REDACTOR, extendRedactor(made[REDACTOR] ?? redactor, paths))
      if (given) bind(made, format === undefined ? given : attempt(() => format(given), given))
      if (this.onChild !== ignore) Reflect.apply(this.onChild, this, [made])
      return made
    },
  )
  replace(logger, 'setBindings', function (this: WaybillLogger, given: Bindings): void {
    bind(this, given)
  })
  replace(logger, 'bindings', function (this: WaybillLogger): Bindings {
    const { [RECORD]: record, [BOUND]: bound = NOTHING } = this
    return { ...(record && { request_id: record.requestId }), ...Object.fromEntries(bound.fields) }
  })
}

/** Calls a pino logging method; an error that reading its arguments throws does not reach the app. */
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

/** Returns a request's logger, whose lines carry the id; the id appears in `bindings()` without being bound. */
export function loggerOf(parent: Logger, record: RequestRecord): Logger {
  const logger: WaybillLogger = Object.create(parent)
  logger[RECORD] = record
  return logger
}

/** Links a logger that the app has created to its request. */
export function markLogger(logger: Logger, record: RequestRecord): void {
  Reflect.defineProperty(logger, RECORD, { value: record, configurable: true, writable: true })
}

/** Returns the paths that the options of a child logger redact. */
function redactedPaths({ redact }: ChildLoggerOptions = {}): string[] | undefined {
  return Array.isArray(redact) ? redact : redact?.paths
}

function bind(logger: WaybillLogger, given: object): void {
  const { fields, cut } = logger[BOUND] ?? NOTHING
  const copy = copyOf(given, logger)
  const names = new Set(copy.fields.map(([name]) => name))
  const kept = fields.filter(([name]) => !names.has(name))
  replace(logger, BOUND, { fields: [...kept, ...copy.fields], cut: cut || copy.cut })
}
