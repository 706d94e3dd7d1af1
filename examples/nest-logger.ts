import type { LoggerService } from '@nestjs/common'
import type { createLogger } from 'waybill'

type Logger = ReturnType<typeof createLogger>

/** The context in which Nest logs what a handler threw; the completion line of the request has that, too. */
const TWICE = 'ExceptionsHandler'

/** Writes Nest's own lines with a waybill logger. */
export function nestLogger(logger: Logger): LoggerService {
  const writeAt =
    (level: 'debug' | 'info' | 'warn' | 'error' | 'fatal') =>
    (message: unknown, ...rest: unknown[]): void => {
      const context = rest.at(-1)
      if (context === TWICE) return
      if (message instanceof Error) logger[level]({ context, err: message }, message.message)
      else logger[level]({ context }, String(message))
    }
  return {
    debug: writeAt('debug'),
    log: writeAt('info'),
    warn: writeAt('warn'),
    error: writeAt('error'),
    fatal: writeAt('fatal'),
  }
}
