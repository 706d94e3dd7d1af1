import type { FastifyBaseLogger } from 'fastify'
import type { ChildLoggerOptions, Logger } from 'pino'
import { loggerOf, markLogger } from '../output/log-lines.js'
import { bindsId, type RequestRecord } from '../request/record.js'

/** The logger of a request, with the options that its route has for it. */
export function requestLogger(parent: Logger, record: RequestRecord, options?: ChildLoggerOptions): Logger {
  return loggerOf(options === undefined ? parent : parent.child({}, options), record)
}

/** Marks a logger that an app has made for a request and that carries its id, so that no line has the id twice. */
export function markOwnLogger(logger: Logger, record: RequestRecord): void {
  if (bindsId(logger, record.requestId)) markLogger(logger, record)
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
