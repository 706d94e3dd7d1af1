import { type Logger, pino } from 'pino'
import { systemClock } from './clock.js'
import { readEnvironment } from './environment.js'
import { atExit, runExitTasks } from './exit.js'
import { createFormat, type Format, type Summary } from './format/index.js'
import { recordOf } from './http/carrier.js'
import { onInterrupt } from './interrupt.js'
import type { Destination, LoggerOptions } from './options.js'
import { logMethod, writeLines } from './output/log-lines.js'
import { standard } from './output/stdout.js'
import { checkLoggerOptionNames, type LoggerSettings, parseLoggerOptions } from './read-options.js'
import { propertiesOf } from './request/copy.js'
import { describeError, isError } from './request/error.js'
import { pathOf } from './request/url.js'
import { attempt } from './safely.js'

/** A request in a log line: never its headers, its query or its body. */
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

/** Shows an error with its own properties; one that is none stays what it is. */
function serializeError(error: unknown): unknown {
  if (!isError(error)) return error
  const described = describeError(error, true)
  const own = [...propertiesOf(error)].filter(([key]) => !SHOWN.has(key) && !Object.hasOwn(described, key))
  const fields = Object.fromEntries(own)
  // The errors of body-parser keep the body that they could not parse.
  if (PARSER_TYPE.test(String(attempt(() => Reflect.get(error, 'type'), '')))) delete fields.body
  return { ...described, ...fields }
}

/** How body-parser names its errors: `entity.parse.failed`. */
const PARSER_TYPE = /^[a-z]{1,20}(?:\.[a-z]{1,20}){1,3}$/

/** What {@link describeError} shows of an error by other means. */
const SHOWN: ReadonlySet<string> = new Set(['type', 'message', 'stack', 'name', 'cause'])

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Where the events of an app go, and its log lines: to one place, unless stdout has no line for the latter. */
export interface Output {
  readonly format: Format
  readonly events: Destination
  readonly lines: Destination
}

/** Opens what was asked for, else stdout. */
export function openOutput(settings: LoggerSettings, format: Format): Output {
  const { destination, maxHeldBytes, whenFull } = settings
  const open = (fd: 1 | 2): Destination =>
    standard(fd, { maxHeldBytes, whenFull, lossLine: (lines) => lossLine(settings, format, fd, lines) })
  const events = destination ?? open(1)
  if (destination !== undefined) flushAtExit(destination)
  const { summary } = format
  summary?.whenBegun(() => sumUpAtEnd(summary, events))
  return { format, events, lines: format.logsToStderr && destination === undefined ? open(2) : events }
}

/** Writes a summary at Ctrl-C or when the process exits, behind the completions of the requests that are open then. */
function sumUpAtEnd(summary: Summary, output: Destination): void {
  const write = (): void => {
    const text = summary.take()
    if (text !== '') output.write(text)
  }
  // Behind the tasks that are there by then.
  atExit(() => atExit(write))
  onInterrupt(() => {
    // Over what the terminal shows of it.
    output.write('\r')
    runExitTasks()
  })
}

/** Flushes a destination of pino's, which may hold lines, before the process exits. */
function flushAtExit(destination: Destination & { flushSync?(): void }): void {
  if (typeof destination.flushSync !== 'function') return
  const held = new WeakRef(destination)
  // Behind the tasks that are there by then, which write the completions of open requests.
  atExit(() => atExit(() => held.deref()?.flushSync?.()))
}

/** A pino logger whose lines are formatted and written beside the events. */
export function pinoLogger(settings: LoggerSettings, { format, lines }: Output): Logger {
  const logger = pino(
    {
      level: settings.level,
      // What the service is stands on every line of a format.
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
  writeLines(logger, format.logLine, settings.redactor)
  return logger
}

/** The line that says what was lost; where a format has no place for it, it goes to stderr. */
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
  const settings = parseLoggerOptions(options, readEnvironment())
  return pinoLogger(settings, openOutput(settings, createFormat(settings, [])))
}
