import cluster from 'node:cluster'
import { type Logger, pino } from 'pino'
import { isPipe, isTerminal } from './destination/open.js'
import { stdout } from './destination/stdout.js'
import { type EventFields, nativeFields } from './formats/fields.js'
import type { Format } from './formats/format.js'
import { jsonFormat } from './formats/json.js'
import { prettyFormat } from './formats/pretty.js'
import { isoTime } from './formats/time.js'
import type { Destination, LoggerOptions } from './options.js'
import { pathOf } from './rules/path.js'
import {
  checkLoggerOptionNames,
  type LoggerSettings,
  parseLoggerOptions,
  type Surroundings,
} from './settings.js'

/** What of this process decides where an option is silent. */
export function surroundings(): Surroundings {
  return { env: process.env, terminal: isTerminal(), sharedPipe: cluster.isWorker && isPipe() }
}

/** A request in a log line: never its headers, its query or its body. */
function serializeRequest(request: unknown): unknown {
  if (!isObject(request) || !('method' in request)) return request
  const { method, url } = request as { method: unknown; url?: unknown }
  return { method, path: typeof url === 'string' ? pathOf(url) : undefined }
}

function serializeResponse(response: unknown): unknown {
  return isObject(response) && 'statusCode' in response ? { status: response.statusCode } : response
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** A pino logger whose lines are formatted and written beside the events. */
export function pinoLogger(settings: LoggerSettings, format: Format, destination: Destination): Logger {
  return pino(
    {
      level: settings.level,
      base: null,
      messageKey: 'message',
      errorKey: 'error',
      timestamp: () => `,"timestamp":"${isoTime(Date.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { req: serializeRequest, res: serializeResponse, error: pino.stdSerializers.err },
    },
    { write: (line) => destination.write(format.logLine(line)) },
  )
}

/** Where lines go: what was asked for, else stdout. */
export function openDestination(settings: LoggerSettings, format: Format): Destination {
  const { destination, maxHeldBytes, whenFull } = settings
  return destination ?? stdout({ maxHeldBytes, whenFull, lossLine: (lines) => lossLine(format, lines) })
}

function lossLine(format: Format, dropped: number): string {
  const message = `${dropped} log lines were dropped: the reader of stdout did not keep up`
  const line = { level: 'warn', timestamp: isoTime(Date.now()), event: 'log.dropped', dropped, message }
  return format.logLine(`${JSON.stringify(line)}\n`)
}

/** The format that was asked for. */
export function createFormat({ format, colors, maxLineBytes }: LoggerSettings, fields: EventFields): Format {
  return format === 'pretty' ? prettyFormat(fields, colors, maxLineBytes) : jsonFormat(fields, maxLineBytes)
}

/**
 * A pino logger that writes the same lines to the same stdout as the plugin, for code that runs outside of any
 * request: start-up, jobs, scripts.
 *
 * @example
 * const log = createLogger()
 * log.info({ job: 'rebuild' }, 'started')
 *
 * @throws {WaybillError} for an unknown option, a wrong type or an impossible value
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  checkLoggerOptionNames(options)
  const settings = parseLoggerOptions(options, surroundings())
  const format = createFormat(settings, nativeFields([]))
  return pinoLogger(settings, format, openDestination(settings, format))
}
