import cluster from 'node:cluster'
import fs from 'node:fs'
import { isatty } from 'node:tty'
import { anyOf, showValue, suggest, WaybillError } from './errors.js'
import { attempt } from './safely.js'

/** The environment variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>

/** What decides an option that is left out. */
export interface Environment {
  readonly variables: Variables
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean
  /** Whether this is a worker of `node:cluster` whose stdout is a pipe: its primary's, which all workers share. */
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

/** Whether Datadog's tracer may add its ids to log lines: its own variable, on by default. */
export function injectsTracerIds(): boolean {
  return !/^(?:false|0)$/i.test(process.env.DD_LOGS_INJECTION ?? '')
}

/**
 * Reads an environment variable; empty is the same as unset.
 * @param words what it may hold, in either case; left out: anything
 * @throws {WaybillError} if it holds something else
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

/**
 * Whether to write colours: `FORCE_COLOR` decides (`0` and `false` mean no), then `NO_COLOR` (https://no-color.org), then
 * whether the lines go to a terminal that has colours.
 */
export function wantsColors({
  variables,
  isTerminal,
}: Pick<Environment, 'variables' | 'isTerminal'>): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = variables
  if (force !== undefined) return force !== '0' && force !== 'false'
  if (no !== undefined && no !== '') return false
  return isTerminal && terminal !== 'dumb'
}

/**
 * Reads the first attribute of some names from `OTEL_RESOURCE_ATTRIBUTES`: percent-encoded `key=value` pairs, separated by
 * commas (OpenTelemetry, resource SDK). Malformed pairs are ignored; of several with one key the last counts.
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
