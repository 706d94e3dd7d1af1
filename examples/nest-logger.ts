import type { LoggerService } from '@nestjs/common'
import type { createLogger } from 'waybill'

type Logger = ReturnType<typeof createLogger>

/** Where Nest says what a handler threw, which the completion line of the request says, too. */
const TWICE = 'ExceptionsHandler'

/** Has Nest's own lines written by a logger of waybill. */
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
