import { type Logger, pino } from 'pino'
import { systemClock } from './clock.js'
import { readEnvironment } from './environment.js'
import { atExit, runExitTasks } from './exit.js'
import { createFormat, type Format, type Summary } from './format/index.js'
import { recordOf } from './http/carrier.js'
import { onInterrupt } from './interrupt.js'
import type { Destination, LoggerOptions } from './options.js'
import { logMethod, useFormat } from './output/log-lines.js'
import { standardWriter } from './output/open-stdout.js'
import { checkLoggerOptionNames, type LoggerSettings, parseLoggerOptions } from './read-options.js'
import { MAX_VALUES, propertyOf } from './request/copy.js'
import { describeError, isError } from './request/error.js'
import { pathOf } from './request/url.js'
import { attempt, keysOf } from './safely.js'

/** Serializes a request: never its headers, its query or its body. */
function serializeRequest(request: unknown): unknown {
  if (!isObject(request) || !('method' in request)) return request
  const { method, url, raw } = request as { method: unknown; url?: unknown; raw?: unknown }
  const record = recordOf(isObject(raw) ? raw : request)
  if (record !== undefined) return { method, path: record.path }
  return { method, path: typeof url === 'string' ? pathOf(url) : undefined }
}

function serializeResponse(response: unknown): unknown {
  return isObject(response) && 'statusCode' in response ? { status: response.statusCode } : response
}

/** Serializes an error with its own properties; other values stay as they are. */
function serializeError(error: unknown): unknown {
  if (!isError(error)) return error
  const described = describeError(error, true)
  const own = keysOf(error, MAX_VALUES).filter((key) => !SHOWN.has(key) && !Object.hasOwn(described, key))
  const fields = Object.fromEntries(own.map((key) => [key, propertyOf(error, key)]))
  // Errors of body-parser contain the body that could not be parsed.
  if (PARSER_TYPE.test(String(attempt(() => Reflect.get(error, 'type'), '')))) delete fields.body
  return { ...described, ...fields }
}

/** The `type` of body-parser's errors: `entity.parse.failed`. */
const PARSER_TYPE = /^[a-z]{1,20}(?:\.[a-z]{1,20}){1,3}$/

/** The properties that {@link describeError} covers. */
const SHOWN: ReadonlySet<string> = new Set(['type', 'message', 'stack', 'name', 'cause'])

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Where an app's events and log lines go: to the same place, unless the format sends log lines to stderr. */
export interface LogOutput {
  readonly format: Format
  readonly events: Destination
  readonly lines: Destination
}

/** Opens the option `destination`, else stdout. */
export function openOutput(settings: LoggerSettings, format: Format): LogOutput {
  const { destination, maxHeldBytes, whenFull } = settings
  const open = (fd: 1 | 2): Destination =>
    standardWriter(fd, { maxHeldBytes, whenFull, lossLine: (lines) => lossLine(settings, format, fd, lines) })
  const events = destination ?? open(1)
  if (destination !== undefined) flushAtExit(destination)
  const { summary } = format
  summary?.whenBegun(() => sumUpAtEnd(summary, events))
  return { format, events, lines: format.logsToStderr && destination === undefined ? open(2) : events }
}

/** Writes a summary at Ctrl-C or when the process exits, after the completions of open requests. */
function sumUpAtEnd(summary: Summary, output: Destination): void {
  const write = (): void => {
    const text = summary.take()
    if (text !== '') output.write(text)
  }
  // After the tasks registered so far, which write these completions.
  atExit(() => atExit(write))
  onInterrupt(() => {
    // Overwrites the `^C` that the terminal shows.
    output.write('\r')
    runExitTasks()
  })
}

/** Flushes a pino destination, which may hold lines, before the process exits. */
function flushAtExit(destination: Destination & { flushSync?(): void }): void {
  if (typeof destination.flushSync !== 'function') return
  const held = new WeakRef(destination)
  // After the tasks registered by then, which write the completions of open requests.
  atExit(() => atExit(() => held.deref()?.flushSync?.()))
}

/** Creates a pino logger whose lines have the format and destination of the events. */
export function pinoLogger(settings: LoggerSettings, { format, lines }: LogOutput): Logger {
  const logger = pino(
    {
      level: settings.level,
      // The format itself adds the service to every line.
      base: null,
      hooks: { logMethod },
      serializers: {
        req: serializeRequest,
        res: serializeResponse,
        err: serializeError,
        error: serializeError,
      },
    },
    lines,
  )
  useFormat(logger, format.logLine, settings.redactor)
  return logger
}

/** Returns the line about dropped lines; if the format has no place for it on stdout, writes it to stderr instead. */
function lossLine(settings: LoggerSettings, format: Format, fd: 1 | 2, dropped: number): string {
  const line = format.logLine({
    level: 'warn',
    time: systemClock.now(),
    event: 'log.dropped',
    message: `${dropped} log lines were dropped: the reader of ${fd === 1 ? 'stdout' : 'stderr'} did not keep up`,
    fields: [['dropped', dropped]],
    requestId: undefined,
    trace: undefined,
    tracerIds: undefined,
    error: undefined,
    truncated: false,
  })
  if (fd === 2 || !format.logsToStderr) return line
  openOutput(settings, format).lines.write(line)
  return ''
}

/**
 * Creates a pino logger that writes to stdout in the same format as the plugin, for code outside of requests: start-up,
 * jobs, scripts.
 *
 * @example
 * const log = createLogger()
 * log.info({ job: 'rebuild' }, 'started')
 *
 * @throws {WaybillError} for an unknown option, a wrong type or an impossible value
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  checkLoggerOptionNames(options)
  const settings = parseLoggerOptions(options, readEnvironment())
  return pinoLogger(settings, openOutput(settings, createFormat(settings, [])))
}
