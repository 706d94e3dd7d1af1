import { showValue, warnOnce } from '../errors.js'
import { nativeFields, toRecord, withAdded } from '../format/fields.js'
import type { Format } from '../format/index.js'
import { type EventKind, MESSAGES } from '../format/values.js'
import type { Destination } from '../options.js'
import type { Capture } from '../request/details.js'
import type { AddedFields } from '../request/fields.js'
import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import { baseOf } from './held-lines.js'
import { numberOf, setMetadata, wantsMetadata } from './pino-internals.js'

/** Writes the events of requests. */
export interface EventLog {
  /** Whether starts are held back until a request takes long or logs something. */
  readonly holdsStarts?: boolean
  started(entry: RequestRecord, level: Level): void
  running(entry: RequestRecord, level: Level): void
  completed(entry: RequestRecord, level: Level): void
  /** Binds the latest fields to the request's logger; returns whether its completion has them by that. */
  bind?(entry: RequestRecord, latest: AddedFields): boolean
  /** Writes the line about an answer after the client had left. */
  late(entry: RequestRecord, level: Level): void
}

/**
 * Writes an event; a logger or a destination that throws costs the event, not the request.
 * @param level undefined: the event is not written
 */
export function writeEvent(
  events: EventLog,
  kind: EventKind | 'late',
  record: RequestRecord,
  level: Level | undefined,
): void {
  if (level === undefined) return
  try {
    events[kind](record, level)
  } catch (error) {
    const message = `waybill: an event is lost: its destination or logger threw ${showValue(error)}`
    warnOnce('WAYBILL_WARN_EVENT_LOST', '', message)
  }
}

/** Whether the logger of a request writes a level, which the app may change at any time. */
export function isEnabled({ logger: own, held }: RequestRecord, level: Level): boolean {
  const logger = held === undefined ? own : baseOf(own)
  return logger.isLevelEnabled?.(level) ?? true
}

/**
 * Writes events to a destination, which gets the app's log lines, too.
 * @param captures the details of events, for a destination that wants metadata of each line (`pino.metadata`)
 */
export function eventsToDestination(
  format: Format,
  destination: Destination,
  captures: readonly Capture[],
): EventLog {
  const fields = nativeFields(captures)

  const writerOf =
    (kind: EventKind): EventLog['started'] =>
    (entry, level) => {
      if (!isEnabled(entry, level)) return
      const line = format[kind](entry, level)
      if (line === '') return
      if (wantsMetadata(destination)) {
        const object = withAdded(toRecord(entry, level, fields[kind], kind), entry)
        const message = MESSAGES[kind](entry)
        setMetadata(destination, entry.logger, { level: numberOf(level), object, message, time: entry.time })
      }
      destination.write(line)
    }

  return {
    holdsStarts: format.holdsStarts === true,
    started: writerOf('started'),
    running: writerOf('running'),
    completed: writerOf('completed'),
    late(entry, level) {
      if (isEnabled(entry, level))
        entry.logger[level](lateRecord(entry, entry.thrown?.at(-1)), lateMessage(entry))
    },
  }
}

/** The message of the line about an answer after the client had left. */
export function lateMessage({ lateMs }: RequestRecord): string {
  return `answered ${lateMs}ms after its client had left`
}

/** The fields of that line. */
export function lateRecord(
  { bindsId, requestId, lateMs }: RequestRecord,
  error: unknown,
): Record<string, unknown> {
  const record: Record<string, unknown> = bindsId ? {} : { request_id: requestId }
  record.late_ms = lateMs
  if (error !== undefined) record.error = error
  return record
}
