import type { Logger } from 'pino'
import { type Kind, read } from '../checks.js'
import { WaybillError } from '../errors.js'
import type { Options } from '../options.js'
import type { CurrentRequest, ParentLogger } from '../request/record.js'
import { LEVELS } from '../vocabulary.js'

/** What the middleware adds to a request. */
export interface RequestLog {
  /** The request id: the one that the client sent in `X-Request-Id` if it is acceptable, else a new one. */
  id: string
  /** A logger whose lines carry the id. */
  log: Logger
  /** The record of the request in waybill's ledger. */
  waybill: CurrentRequest
}

/** The options of the middleware. Each can be left out. */
export interface MiddlewareOptions extends Options {
  /**
   * A pino logger of the app's own: the events go through it, and `req.log` is a child of it. Its level, redaction and
   * destination hold, so the options about those can't be given beside it.
   * @default a logger that writes as the other options say
   */
  logger?: ParentLogger | undefined
}

const METHODS = [...LEVELS, 'child', 'bindings'] as const

const parentLogger: Kind<ParentLogger> = {
  takes: `a logger with the functions ${METHODS.join(', ')}, as pino makes them`,
  hasType: (value) => typeof value === 'object' && value !== null,
  accepts: (value): value is ParentLogger =>
    METHODS.every((name) => typeof (value as Partial<ParentLogger> | null)?.[name] === 'function'),
}

/** Checks the logger that an app may bring. */
export function parseLogger({ logger }: MiddlewareOptions): ParentLogger | undefined {
  const missing = METHODS.filter(
    (name) => typeof (Object(logger) as Partial<ParentLogger>)[name] !== 'function',
  )
  if (typeof logger !== 'object' || logger === null || missing.length === 0)
    return read('logger', logger, parentLogger)
  const message = `option logger takes ${parentLogger.takes}, got one without ${missing.join(', ')}`
  throw new WaybillError('WAYBILL_ERR_OPTION_VALUE', message, 'logger')
}
