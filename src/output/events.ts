import { showValue, warnOnce } from '../errors.js'
import { type EventFields, type Field, reservedNames, toRecord, withAdded } from '../format/fields.js'
import { fitRecord } from '../format/fit.js'
import type { Format } from '../format/index.js'
import { mapTexts, percentEncode } from '../format/json.js'
import { completionMessage, startMessage } from '../format/values.js'
import type { Destination } from '../options.js'
import { describeError } from '../request/error.js'
import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'

/** Writes the events of requests. */
export interface EventLog {
  /** Whether starts are held back until a request takes long or logs something. */
  readonly holdsStarts?: boolean
  started(entry: RequestRecord, level: Level): void
  completed(entry: RequestRecord, level: Level): void
  /** Writes the line about a handler that answered when its client had left. */
  late(entry: RequestRecord, level: Level): void
}

/** Whether the logger of a request, whose level an app may change at any time, takes lines of a level. */
function isEnabled({ logger }: RequestRecord, level: Level): boolean {
  return logger.isLevelEnabled?.(level) ?? true
}

/** Writes events to a destination, beside the log lines of the app that go there too. */
export function eventsToDestination(format: Format, destination: Destination): EventLog {
  const write = (line: string): void => {
    if (line !== '') destination.write(line)
  }
  return {
    holdsStarts: format.holdsStarts === true,
    started(entry, level) {
      if (isEnabled(entry, level)) write(format.started(entry, level))
    },
    completed(entry, level) {
      if (isEnabled(entry, level)) write(format.completed(entry, level))
    },
    late(entry, level) {
      if (isEnabled(entry, level))
        entry.logger[level](lateRecord(entry, entry.thrown?.at(-1)), lateMessage(entry))
    },
  }
}

/** What a logger of the app's own puts around an event beside what is bound to it: time, level, keys. */
const ENVELOPE_BYTES = 300
/**
 * An event with none but built-in fields and a message up to this part of a line fits, unless what is bound to the
 * logger is huge: JSON may take six bytes for a character, and the path is there twice.
 */
const SHORT_MESSAGE = 1 / 16

/** Writes events through the logger that the app brought: its level, redaction, serializers and destination hold. */
export function eventsToLogger(fields: EventFields, maxLineBytes: number): EventLog {
  const reserved = reservedNames()
  const withoutId = { started: omitId(fields.started), completed: omitId(fields.completed) }

  function log(entry: RequestRecord, level: Level, record: Record<string, unknown>, story: string): void {
    const message = percentEncode(story)
    if (message.length <= maxLineBytes * SHORT_MESSAGE && isPlain(entry)) {
      entry.logger[level](record, message)
      return
    }
    const whole = mapTexts({ ...record, message }, percentEncode) as Record<string, unknown>
    const room = maxLineBytes - ENVELOPE_BYTES - boundBytes(entry)
    const { message: fittedMessage, ...fitted } = fitRecord(whole, room, reserved)
    entry.logger[level](fitted, String(fittedMessage))
  }

  function logCompletion(entry: RequestRecord, level: Level): void {
    const record = toRecord(entry, level, (entry.bindsId ? withoutId : fields).completed)
    log(entry, level, withAdded(record, entry), completionMessage(entry))
  }

  return {
    started(entry, level) {
      if (!isEnabled(entry, level)) return
      log(
        entry,
        level,
        toRecord(entry, level, (entry.bindsId ? withoutId : fields).started),
        startMessage(entry),
      )
    },
    completed(entry, level) {
      if (!isEnabled(entry, level)) return
      try {
        logCompletion(entry, level)
      } catch (error) {
        if (entry.added === undefined) throw error
        // A serializer of the app's, such as Fastify's for `req`, may not bear what a handler added under its name.
        warnOnce(
          'WAYBILL_WARN_FIELD',
          'logger',
          `waybill: added fields were dropped: the app's own logger threw ${showValue(error)}`,
        )
        entry.added = undefined
        logCompletion(entry, level)
      }
    },
    late(entry, level) {
      if (!isEnabled(entry, level)) return
      const error = entry.thrown && describeError(entry.thrown.at(-1), true)
      log(entry, level, lateRecord(entry, error), lateMessage(entry))
    },
  }
}

function lateRecord({ bindsId, requestId, lateMs }: RequestRecord, error: unknown): Record<string, unknown> {
  const record: Record<string, unknown> = bindsId ? {} : { request_id: requestId }
  record.late_ms = lateMs
  if (error !== undefined) record.error = error
  return record
}

function lateMessage({ lateMs }: RequestRecord): string {
  return `answered ${lateMs}ms after its client had left`
}

function omitId(fields: readonly Field[]): readonly Field[] {
  return fields.filter(({ key }) => key !== 'request_id')
}

/** Whether an event of a request has none but short built-in fields. */
function isPlain({ captured, added, failure }: RequestRecord): boolean {
  return captured.length === 0 && added === undefined && failure === undefined
}

function boundBytes({ logger }: RequestRecord): number {
  return Buffer.byteLength(JSON.stringify(logger.bindings?.() ?? {}))
}
