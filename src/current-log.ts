import type { LogFn, Logger } from 'pino'
import { currentRecord } from './context.js'
import { createLogger } from './logger.js'
import type { ParentLogger, RequestLogger } from './options.js'
import type { RequestRecord } from './request/record.js'
import type { Level } from './vocabulary.js'

/** Returns the logger for code outside of requests. */
let outsideLogger: (() => RequestLogger) | undefined

/** Sets the logger for code outside of requests; the last app to set it wins. */
export function setOutsideLogger(logger: () => RequestLogger): void {
  outsideLogger = logger
}

function currentLogger(): RequestLogger {
  const record = currentRecord()
  if (record !== undefined) return loggerWithId(record)
  outsideLogger ??= always(createLogger())
  return outsideLogger()
}

function always<T>(value: T): () => T {
  return () => value
}

/** Returns the logger of a request; binds the id if the app's own logger lacks it. */
function loggerWithId({ logger, bindsId, requestId }: RequestRecord): RequestLogger {
  const lacksId = !bindsId && logger.bindings !== undefined && 'child' in logger
  return lacksId ? (logger as ParentLogger).child({ request_id: requestId }) : logger
}

function writeAt(level: Level): LogFn {
  return (...line: unknown[]) => (currentLogger()[level] as (...line: unknown[]) => void)(...line)
}

/**
 * Logs with the logger of the current request, so that lines carry its id; outside of requests, with the app's logger. The
 * lines go where the events go.
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
