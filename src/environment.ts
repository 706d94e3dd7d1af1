import cluster from 'node:cluster'
import fs from 'node:fs'
import { isatty, WriteStream } from 'node:tty'
import { anyOf, showValue, suggest, WaybillError } from './errors.js'
import { attempt } from './safely.js'
import type { LogLevel } from './vocabulary.js'

/** The environment variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>

/** Determines the defaults of options. */
export interface Environment {
  readonly variables: Variables
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean
  /** Whether this is a `node:cluster` worker whose stdout is a pipe: its primary's, shared by all workers. */
  readonly isSharedPipe: boolean
  /** Whether stdout is the journal of systemd. */
  readonly isJournal: boolean
}

const STDOUT = 1

/** Reads the environment of this process. */
export function readEnvironment(): Environment {
  const variables = process.env
  return {
    variables,
    isTerminal: isTerminal(STDOUT),
    isSharedPipe: cluster.isWorker && attempt(() => fs.fstatSync(STDOUT).isFIFO(), false),
    isJournal: isJournal(variables.JOURNAL_STREAM),
  }
}

/** Whether Datadog's tracer may add its ids to log lines: `DD_LOGS_INJECTION`, on by default. */
export function injectsTracerIds(): boolean {
  return !/^(?:false|0)$/i.test(process.env.DD_LOGS_INJECTION ?? '')
}

/**
 * Reads an environment variable; empty is the same as unset.
 * @param words the allowed values, in any case; omitted: anything
 * @throws {WaybillError} if it has another value
 */
export function readVariable(
  name: string,
  { variables }: Environment,
  words?: readonly string[],
): string | undefined {
  const given = variables[name] || undefined
  const word = words === undefined ? given : given?.toLowerCase()
  if (words === undefined || word === undefined || words.includes(word)) return word
  const message = `waybill: environment variable "${name}" must be ${anyOf(words)}, got ${showValue(given)}`
  throw new WaybillError('WAYBILL_ERR_ENVIRONMENT', message + suggest(given, words), name)
}

/** Whether a descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  return isatty(fd)
}

/** Whether this process runs on AWS Lambda, which freezes it between two requests. */
export function isLambda(): boolean {
  return Boolean(process.env.AWS_LAMBDA_FUNCTION_NAME)
}

/** Whether stdout is the stream that systemd names in `JOURNAL_STREAM`, by device and inode (systemd.exec(5)). */
function isJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false
  return attempt(() => {
    const { dev, ino } = fs.fstatSync(STDOUT)
    return stream === `${dev}:${ino}`
  }, false)
}

type TerminalEnvironment = Pick<Environment, 'variables' | 'isTerminal'>

/**
 * The colour depth in bits, 1 for none: from `FORCE_COLOR`, then `NO_COLOR` (https://no-color.org), then what Node.js
 * detects by `TERM`, `COLORTERM`, `TMUX`, CI services and the version of Windows.
 */
export function colorDepth({ variables, isTerminal }: TerminalEnvironment): number {
  const { FORCE_COLOR: force } = variables
  if (force === undefined && !isTerminal) return 1
  // Node.js warns if others contradict it, and some versions treat an empty variable as set.
  const set = Object.entries(variables).filter(([, value]) => value !== '')
  const known = force === undefined ? Object.fromEntries(set) : { FORCE_COLOR: force }
  return attempt(() => WriteStream.prototype.getColorDepth(known), 1)
}

/** Whether to write colours. */
export function wantsColors(environment: TerminalEnvironment): boolean {
  return colorDepth(environment) > 1
}

/**
 * Whether the terminal view ends with a summary of requests: `LOG_SUMMARY`, on by default. It is off above the level
 * `info`, which hides requests, and in cluster workers, which share a terminal.
 * @throws {WaybillError} if the variable is neither 0 nor 1
 */
export function wantsSummary(environment: Environment, level: LogLevel): boolean {
  const isOn = readVariable('LOG_SUMMARY', environment, ['0', '1']) !== '0'
  return isOn && environment.isTerminal && ['trace', 'debug', 'info'].includes(level) && !cluster.isWorker
}

/** Watchers that restart a service: a pattern of the command, and one of the option that keeps the screen. */
const WATCHERS = [
  { command: /[\\/]tsx(?:[\\/][^\0]*)?\0watch\0/, keeps: /\0--(?:no-clear-screen|clear-screen=false)\0/ },
  { command: /[\\/]nodemon(?:\.js)?\0/, keeps: /^/ },
]

/**
 * Whether a watcher that does not clear the screen started this process, so rows of an earlier run may be above. Only Linux
 * shows the watcher's command; elsewhere, any `node --watch` counts, by its variable.
 */
function isBelowOther(environment: TerminalEnvironment): boolean {
  if (!environment.isTerminal || cluster.isWorker) return false
  const { WATCH_REPORT_DEPENDENCIES: watch, NODE_OPTIONS: options = '' } = environment.variables
  const parent = attempt(() => fs.readFileSync(`/proc/${process.ppid}/cmdline`, 'latin1'), undefined)
  if (parent === undefined) return watch !== undefined
  if (watch !== undefined && parent.includes('\0--watch'))
    return `${parent} ${options}`.includes('--watch-preserve-output') || !wantsColors(environment)
  return WATCHERS.some(({ command, keeps }) => command.test(parent) && keeps.test(parent))
}

const DEFAULT_COLUMNS = 80

/** The terminal that shows pretty lines. */
export interface Terminal {
  /** Whether it is stdout, which all loggers of the process share. */
  readonly isShared: boolean
  /** Whether it has 256 colours. */
  readonly manyColors: boolean
  /** Its current width. */
  columns(): number
  /** The working directory, which source paths are relative to; empty if there is none. */
  readonly cwd: string
  /** Whether rows of an earlier run may be above. */
  readonly isBelowOther?: boolean
}

/** Reads the properties of the terminal. */
export function readTerminal(environment: TerminalEnvironment): Terminal {
  return {
    isShared: environment.isTerminal,
    manyColors: colorDepth(environment) >= 8,
    columns: environment.isTerminal ? terminalColumns : defaultColumns,
    cwd: attempt(() => process.cwd(), ''),
    isBelowOther: isBelowOther(environment),
  }
}

function defaultColumns(): number {
  return DEFAULT_COLUMNS
}

/** The width of stdout, which follows the window; process.stdout may have been replaced. */
function terminalColumns(): number {
  const columns: unknown = attempt(() => process.stdout.columns, undefined)
  return typeof columns === 'number' && columns > 0 ? columns : DEFAULT_COLUMNS
}

/**
 * Reads the first of the named attributes from `OTEL_RESOURCE_ATTRIBUTES`: percent-encoded `key=value` pairs, separated by
 * commas (OpenTelemetry, resource SDK). Malformed pairs are ignored; the last of several with one key counts.
 */
export function resourceAttribute(...names: string[]): (environment: Environment) => string | undefined {
  return ({ variables }) => {
    const pairs = (variables.OTEL_RESOURCE_ATTRIBUTES ?? '').split(',').map((pair) => {
      const [, key = '', value = ''] = /^\s*(.*?)\s*=\s*(.*?)\s*$/s.exec(pair) ?? []
      return attempt(() => ({ key: decodeURIComponent(key), value: decodeURIComponent(value) }), undefined)
    })
    const values = names.map(
      (name) => pairs.findLast((pair) => pair?.key === name && pair.value !== '')?.value,
    )
    return values.find((value) => value !== undefined)
  }
}
