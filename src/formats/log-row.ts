import type { Level } from '../vocabulary.js'

/** A log line of the app's own, as pino wrote it. */
export interface LogRow {
  readonly level: Level
  /** RFC 3339. */
  readonly timestamp: string
  /** What was logged, and the message; here an app may use the names of the two above as well. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** What pino writes first, which it can't be told to write in another order. */
const ENVELOPE = /^\{"level":"([^"\\]+)","timestamp":"([^"]+)",?/

/** Reads a line as pino wrote it. */
export function readLogLine(line: string): LogRow {
  const [envelope = '{', level = 'info', timestamp = new Date().toISOString()] = ENVELOPE.exec(line) ?? []
  return { level: level as Level, timestamp, fields: JSON.parse(`{${line.slice(envelope.length)}`) }
}

/** What of a log line has a source of its own if it looks like this; all else is custom. */
const SAID: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['message', isScalar],
  ['request_id', (value) => typeof value === 'string'],
  ['trace_id', (value) => isHex(value, 32)],
  ['span_id', (value) => isHex(value, 16)],
  ['trace_flags', (value) => isHex(value, 2)],
  ['truncated', (value) => value === true],
])

/** The log line that is an event too: how many were dropped. */
const LOG_EVENT = 'log.dropped'

/** The parts of an error that have sources of their own. */
export const ERROR_PARTS = ['type', 'code', 'message', 'stack'] as const
export type ErrorPart = (typeof ERROR_PARTS)[number]

/** A field of a log line that has a source of its own, if it looks like one. */
export function saidIn({ fields }: LogRow, name: string): string | true | undefined {
  const { [name]: value } = fields
  if (SAID.get(name)?.(value) !== true) return undefined
  return value === true ? value : String(value)
}

/** The event that a log line is, if it is one. */
export function eventOf({ fields: { event } }: LogRow): string | undefined {
  return event === LOG_EVENT ? event : undefined
}

/** The error of a log line: as `log.error({ err })`, `log.error(error)` or `log.error({ error: 'a text' })` give it. */
export function errorOf({ fields }: LogRow): Readonly<Record<string, unknown>> | undefined {
  const { error: found = fields.err } = fields
  if (typeof found === 'string') return { message: found }
  return isRecord(found) ? found : undefined
}

/** A part of the error of a log line. */
export function errorPartOf(row: LogRow, part: ErrorPart): string | undefined {
  const value = errorOf(row)?.[part]
  return isScalar(value) ? String(value) : undefined
}

/** A field that an app has added, by its name. */
type Custom = readonly [string, unknown]

/**
 * What is custom in a log line, and what its error has beside its parts.
 * @param withWholeError whether the line has a place for all of its error
 */
export function customOf(row: LogRow, withWholeError: boolean): Custom[] {
  const { fields } = row
  const error = errorOf(row)
  const errorKey = fields.error === undefined ? 'err' : 'error'
  const custom: Custom[] = []
  for (const key of Object.keys(fields)) {
    const value = fields[key]
    if (key === errorKey && error !== undefined) {
      if (isRecord(value) && !withWholeError) custom.push(...errorRest(key, value))
    } else if (saidIn(row, key) === undefined && (key !== 'event' || eventOf(row) === undefined))
      custom.push([key, value])
  }
  return custom
}

function errorRest(key: string, error: Record<string, unknown>): Custom[] {
  return Object.entries(error)
    .filter(([part, value]) => !ERROR_PARTS.includes(part as ErrorPart) || !isScalar(value))
    .map(([part, value]) => [`${key}.${part}`, value])
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function isHex(value: unknown, length: number): boolean {
  return typeof value === 'string' && value.length === length && /^[0-9a-f]+$/.test(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
