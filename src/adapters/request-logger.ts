import type { FastifyBaseLogger } from 'fastify'
import type { ChildLoggerOptions, Logger } from 'pino'
import { loggerOf, markLogger } from '../output/log-lines.js'
import { bindsId, type RequestRecord } from '../request/record.js'

/** Creates the logger of a request, with the logger options of its route. */
export function requestLogger(parent: Logger, record: RequestRecord, options?: ChildLoggerOptions): Logger {
  return loggerOf(options === undefined ? parent : parent.child({}, options), record)
}

/** Links a logger that the app created, and that carries the id, to its request, so that no line has the id twice. */
export function markOwnLogger(logger: Logger, record: RequestRecord): void {
  if (bindsId(logger, record.requestId)) markLogger(logger, record)
}

const METHODS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'child'] as const

/**
 * Forwards the null logger of an app to a logger, because code may have kept it and logger factories get it. Fastify creates
 * one per app; its children are the null logger itself.
 */
export function forwardTo(silent: FastifyBaseLogger, logger: Logger): void {
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
 * Whether a logger is that of an app without logging: all methods are the same inherited empty function, and there is no
 * level.
 */
export function isNullLogger(logger: FastifyBaseLogger): boolean {
  if (logger.level !== undefined || Object.hasOwn(logger, 'info')) return false
  return logger.info === logger.error && logger.error === logger.debug
}
