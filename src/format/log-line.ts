import type { Plain } from '../request/copy.js'
import type { TraceFields } from '../request/trace.js'
import type { Level } from '../vocabulary.js'

/** Marks what is logged of an event, where an app has a logger of waybill's own for its events. */
export const EVENT = Symbol('waybill.event')

/** A log line of the app's own; all of its values are small copies, which can be written as they are. */
export interface LogRow {
  readonly level: Level
  /** Milliseconds since the Unix epoch. */
  readonly time: number
  readonly requestId: string | undefined
  readonly trace: Partial<TraceFields> | undefined
  /** The ids by which Datadog's tracer correlates lines. */
  readonly tracerIds: object | undefined
  readonly message: string | undefined
  readonly error: LoggedError | undefined
  /** What happened, in the app's word or waybill's: `log.dropped`. */
  readonly event: string | undefined
  /** What was bound to the logger, then what was logged. */
  readonly fields: readonly LoggedField[]
  /** Whether something was left out for its size. */
  readonly truncated: boolean
}

export type LoggedField = readonly [name: string, value: Plain]

/** The parts of an error that formats have places for. */
export const ERROR_PARTS = ['type', 'code', 'message', 'stack'] as const
export type ErrorPart = (typeof ERROR_PARTS)[number]

/** A logged error: its parts, and its own properties. */
export type LoggedError = Readonly<Partial<Record<string, Plain>>>

/** A part of the error of a row. */
export function errorPartOf({ error }: LogRow, part: ErrorPart): string | undefined {
  const value = error?.[part]
  return value === undefined || typeof value === 'object' ? undefined : String(value)
}

/**
 * The fields of a row that a template has no place for.
 * @param placed the values that it has places for
 */
export function customOf(
  { fields, error, tracerIds }: LogRow,
  placed: ReadonlySet<string>,
): (readonly [string, unknown])[] {
  const custom: (readonly [string, unknown])[] = []
  if (error !== undefined && !placed.has('error')) {
    for (const [key, value] of Object.entries(error)) {
      const isPart = ERROR_PARTS.includes(key as ErrorPart) && typeof value !== 'object'
      if (!isPart && value !== undefined) custom.push([`error.${key}`, value])
    }
  }
  custom.push(...fields)
  if (tracerIds !== undefined && !placed.has('dd') && !placed.has('datadog_ids'))
    custom.push(['dd', tracerIds])
  return custom
}
