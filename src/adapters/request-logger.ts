import type { ChildLoggerOptions, Logger } from 'pino'
import { currentContext } from '../context.js'
import type { RawRequest } from '../options.js'
import { bindsId } from '../request/logger.js'
import { activeTrace, readTrace, type TraceContext, traceFields } from '../request/trace.js'

/** What marks the logger of a request and, by inheritance, its children. */
const REQUEST = Symbol('waybill.request')

interface LoggedRequest {
  readonly id: string
  readonly raw: RawRequest
  /** Whether the id is among the bindings. */
  isBound: boolean
  /** What its lines say of its trace where no tracer is active; made for the first of them. */
  fields?: object
}

type Marked = Logger & { [REQUEST]?: LoggedRequest }

/** What the loggers of requests inherit from, by the logger that they are made of. */
const bases = new WeakMap<Logger, Logger>()

/**
 * The logger of a request. Most requests log nothing but their events: the id is bound, as a child of pino's does at once
 * (2 µs), when it is first used.
 */
export function requestLogger(
  parent: Logger,
  id: string,
  raw: RawRequest,
  options?: ChildLoggerOptions,
): Logger {
  const base = options === undefined ? baseOf(parent) : createBase(parent.child({}, options))
  const logger: Marked = Object.create(base)
  logger[REQUEST] = { id, raw, isBound: false }
  return logger
}

/** Marks a logger that an app has made for a request and that carries its id, so that no line has the id twice. */
export function markLogger(logger: Logger, id: string, raw: RawRequest): void {
  if (!bindsId(logger, id)) return
  const request: LoggedRequest = { id, raw, isBound: true }
  Reflect.defineProperty(logger, REQUEST, { value: request, configurable: true, writable: true })
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
  const { [REQUEST]: request } = logger
  if (request === undefined || request.isBound) return
  request.isBound = true
  logger.setBindings({ request_id: request.id })
}

/** What a line has that says nothing of where it was written. */
export const NOTHING = {}

/** What a line says beside its bindings: of its trace and, of a logger that knows of no request, within one its id. */
export function whereabouts(logger: Marked): object {
  bindId(logger)
  const active = activeTrace()
  const { [REQUEST]: request } = logger
  if (request !== undefined) {
    if (active !== undefined) return traceFields(active)
    request.fields ??= fieldsOf(readTrace(request.raw.headers))
    return request.fields
  }
  const entry = currentContext()?.entry
  const fields = fieldsOf(active ?? entry?.trace)
  return entry === undefined ? fields : { request_id: entry.requestId, ...fields }
}

function fieldsOf(trace: TraceContext | undefined): object {
  return trace === undefined ? NOTHING : traceFields(trace)
}
