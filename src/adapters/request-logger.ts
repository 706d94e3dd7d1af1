import type { FastifyBaseLogger } from 'fastify'
import type { ChildLoggerOptions, Logger } from 'pino'
import { currentRecord } from '../context.js'
import { bindsId, type RequestRecord } from '../request/record.js'
import { activeTrace, readTrace, type TraceContext, traceFields } from '../request/trace.js'

/** The record of the request that a logger and, by inheritance, its children belong to. */
const RECORD = Symbol('waybill.record')

type Marked = Logger & { [RECORD]?: RequestRecord }

/** The prototypes of request loggers, by the logger that they are made from. */
const bases = new WeakMap<Logger, Logger>()

/**
 * The logger of a request. Most requests log nothing but their events: the id is bound when the logger is first used,
 * where a child of pino's binds it at once.
 */
export function requestLogger(parent: Logger, record: RequestRecord, options?: ChildLoggerOptions): Logger {
  const base = options === undefined ? baseOf(parent) : createBase(parent.child({}, options))
  const logger: Marked = Object.create(base)
  logger[RECORD] = record
  return logger
}

/** Marks a logger that an app has made for a request and that carries its id, so that no line has the id twice. */
export function markLogger(logger: Logger, record: RequestRecord): void {
  if (!bindsId(logger, record.requestId)) return
  record.isIdBound = true
  Reflect.defineProperty(logger, RECORD, { value: record, configurable: true, writable: true })
}

function baseOf(parent: Logger): Logger {
  let base = bases.get(parent)
  if (base === undefined) {
    base = createBase(parent)
    bases.set(parent, base)
  }
  return base
}

/** A logger whose bindings are complete before they are read, copied or added to. */
function createBase(parent: Logger): Logger {
  const base: Logger = Object.create(parent)
  for (const name of ['bindings', 'setBindings', 'child'] as const) {
    const method = parent[name] as (...args: unknown[]) => unknown
    const value = function (this: Logger, ...args: unknown[]): unknown {
      bindId(this)
      return method.apply(this, args)
    }
    Object.defineProperty(base, name, { value })
  }
  return base
}

function bindId(logger: Marked): void {
  const { [RECORD]: record } = logger
  if (record === undefined || record.isIdBound) return
  record.isIdBound = true
  logger.setBindings({ request_id: record.requestId })
}

/** The mixin of a line without trace and request. */
export const NOTHING = {}

/** What a line says beside its bindings: its trace and, if its logger belongs to no request, the id of the current one. */
export function mixinOf(logger: Marked): object {
  bindId(logger)
  const active = activeTrace()
  const { [RECORD]: record } = logger
  if (record !== undefined) {
    if (active !== undefined) return traceFields(active)
    record.traceFields ??= fieldsOf(record.raw && readTrace(record.raw.headers))
    return record.traceFields
  }
  const current = currentRecord()
  const fields = fieldsOf(active ?? current?.trace)
  return current === undefined ? fields : { request_id: current.requestId, ...fields }
}

function fieldsOf(trace: TraceContext | undefined): object {
  return trace === undefined ? NOTHING : traceFields(trace)
}

const METHODS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'child'] as const

/**
 * Passes on to a logger what is logged by the null logger of an app, which code may have kept and which factories of
 * loggers are given. Fastify makes one for each app; its children are the null logger itself.
 */
export function passOn(silent: FastifyBaseLogger, logger: Logger): void {
  for (const name of METHODS) {
    const value = (...args: unknown[]): unknown => Reflect.apply(logger[name], logger, args)
    Object.defineProperty(silent, name, {
      value,
      configurable: true,
      writable: true,
      enumerable: name === 'child',
    })
  }
}

/**
 * Whether a logger is the one of an app without logging: every method is one inherited empty function, and there is
 * no level.
 */
export function isNullLogger(logger: FastifyBaseLogger): boolean {
  if (logger.level !== undefined || Object.hasOwn(logger, 'info')) return false
  return logger.info === logger.error && logger.error === logger.debug
}
