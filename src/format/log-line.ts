import type { Plain } from '../request/copy.js'
import type { TraceFields } from '../request/trace.js'
import type { Level } from '../vocabulary.js'

/** Marks an event for an app's own logger that waybill created. */
export const EVENT = Symbol('waybill.event')

/** A log line of the app; all its values are small copies that can be written as they are. */
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
  /** The event name that the app or waybill gave: `log.dropped`. */
  readonly event: string | undefined
  /** The bound fields, then the logged ones. */
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

/** Returns a part of the error of a row. */
export function errorPartOf({ error }: LogRow, part: ErrorPart): string | undefined {
  const value = error?.[part]
  return value === undefined || typeof value === 'object' ? undefined : String(value)
}

/**
 * Returns the fields of a row that a template does not name.
 * @param placed the values that it names
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
