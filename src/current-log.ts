import type { LogFn, Logger } from 'pino'
import { currentRecord } from './context.js'
import { createLogger } from './logger.js'
import type { ParentLogger, RequestLogger } from './options.js'
import type { RequestRecord } from './request/record.js'
import type { Level } from './vocabulary.js'

/** The logger of the app, for what runs outside of any request. */
let outside: (() => RequestLogger) | undefined

/** Sets the logger for lines from outside of any request; of several apps, that of the last. */
export function setOutsideLogger(logger: () => RequestLogger): void {
  outside = logger
}

function currentLogger(): RequestLogger {
  const record = currentRecord()
  if (record !== undefined) return loggerWithId(record)
  outside ??= always(createLogger())
  return outside()
}

function always<T>(value: T): () => T {
  return () => value
}

/** The logger of a request; an app that brought its own may have left the id out. */
function loggerWithId({ logger, bindsId, requestId }: RequestRecord): RequestLogger {
  const lacksId = !bindsId && logger.bindings !== undefined && 'child' in logger
  return lacksId ? (logger as ParentLogger).child({ request_id: requestId }) : logger
}

function writeAt(level: Level): LogFn {
  return (...line: unknown[]) => (currentLogger()[level] as (...line: unknown[]) => void)(...line)
}

/**
 * The logger of the request that the calling code runs for; outside of any, that of the app. Its lines go where the
 * events go.
 *
 * @example
 * log.info({ amount }, 'charged')
 */
export const log: Pick<Logger, Level> = {
  trace: writeAt('trace'),
  debug: writeAt('debug'),
  info: writeAt('info'),
  warn: writeAt('warn'),
  error: writeAt('error'),
  fatal: writeAt('fatal'),
}
