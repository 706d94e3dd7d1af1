import { showValue, warnOnce } from '../errors.js'
import { type Field, nativeFields, reservedNames, toRecord, withAdded } from '../format/fields.js'
import { fitRecord } from '../format/fit.js'
import { mapTexts, percentEncode, percentJson } from '../format/json.js'
import { fieldsWriter } from '../format/line.js'
import { EVENT } from '../format/log-line.js'
import { nativeBody, nativeBodyWithoutId } from '../format/native.js'
import { detailValues, type EventKind, MESSAGES, VALUES } from '../format/values.js'
import type { Template } from '../options.js'
import { type Budget, copyField, MAX_ROOM, MAX_VALUES } from '../request/copy.js'
import type { Capture } from '../request/details.js'
import { describeError } from '../request/error.js'
import type { RequestRecord } from '../request/record.js'
import { attempt } from '../safely.js'
import type { Level } from '../vocabulary.js'
import { type EventLog, isEnabled, lateMessage, lateRecord } from './events.js'
import { isStandardSerializer, withoutErrorSerializer } from './pino-internals.js'
import { type EventBody, PinoLines } from './pino-lines.js'

/** Room for what an app's logger adds to an event beside its bindings: time, level, keys. */
const ENVELOPE_BYTES = 300
/**
 * An event with only built-in fields and a message up to this part of a line fits, unless the logger's bindings are huge:
 * JSON takes up to six bytes per character, and the path appears twice.
 */
const SHORT_MESSAGE = 1 / 16

/** Writes events through the app's own logger, with its level, redaction, serializers and destination. */
export function eventsToLogger(captures: readonly Capture[], maxLineBytes: number): EventLog {
  const reserved = reservedNames()
  const { withId, withoutId } = bodiesOf(captures)
  const lines = new PinoLines(namesOf(captures), maxLineBytes)

  function write(kind: EventKind, entry: RequestRecord, level: Level): void {
    const message = MESSAGES[kind](entry)
    const body = (entry.bindsId ? withoutId : withId)[kind]
    if (!lines.write(entry, level, body, message)) log(entry, level, body.object(entry, level), message)
  }

  /** Writes an event with a method of the logger. */
  function log(entry: RequestRecord, level: Level, record: Record<string, unknown>, story: string): void {
    const logger = record.error === undefined ? entry.logger : showError(entry, record)
    const message = percentEncode(story)
    if (message === story && message.length <= maxLineBytes * SHORT_MESSAGE && isPlain(entry)) {
      logger[level](marked(record), message)
      return
    }
    const whole = mapTexts({ ...record, message }, percentEncode) as Record<string, unknown>
    const room = maxLineBytes - ENVELOPE_BYTES - boundBytes(entry)
    const { message: fittedMessage, ...fitted } = fitRecord(whole, room, reserved)
    logger[level](marked(fitted), String(fittedMessage))
  }

  /**
   * Serializes an error as the app does: its own serializer gets what was thrown. pino's standard one would read waybill's
   * description as an error of the class `Object`.
   */
  function showError(entry: RequestRecord, record: Record<string, unknown>): RequestRecord['logger'] {
    const serialize = lines.errorSerializerOf(entry.logger)
    if (serialize === undefined) return entry.logger
    if (!isStandardSerializer(serialize)) {
      const described = record.error
      const { redactor } = entry.keeper
      const budget: Budget = { values: MAX_VALUES, room: MAX_ROOM, cut: false, redactor }
      const shown = attempt(() => serialize(entry.thrown?.at(-1)), described)
      record.error = copyField('error', shown, budget, redactor.top)
      if (budget.cut) record.truncated = true
    }
    return withoutErrorSerializer(entry.logger)
  }

  return {
    started(entry, level) {
      if (!isEnabled(entry, level)) return
      const { logger } = entry
      // A start that was held back is written later than it happened.
      if (entry.isStartLate) entry.logger = lines.at(entry.time, lines.unbound(entry))
      write('started', entry, level)
      entry.logger = logger
    },
    running(entry, level) {
      if (!isEnabled(entry, level)) return
      const { logger } = entry
      entry.logger = lines.unbound(entry)
      try {
        write('running', entry, level)
      } finally {
        entry.logger = logger
      }
    },
    completed(entry, level) {
      if (!isEnabled(entry, level)) return
      const { logger } = entry
      // What was bound is among the fields of the completion.
      entry.logger = lines.unbound(entry)
      try {
        write('completed', entry, level)
      } catch (error) {
        if (entry.added === undefined) throw error
        // A serializer, such as Fastify's for `req`, may throw for a field that a handler added under its name.
        warnOnce(
          'WAYBILL_WARN_FIELD',
          'logger',
          `waybill: added fields were dropped: the app's own logger threw ${showValue(error)}`,
        )
        entry.added = undefined
        write('completed', entry, level)
      } finally {
        entry.logger = logger
      }
    },
    bind(entry, latest) {
      // The logger of a request that no framework has is the app's, whose other lines must not have the fields.
      if (entry.framework === undefined) return false
      entry.useLogger(entry.framework.log)
      return carriesId(entry) && attempt(() => lines.bind(entry, latest), false)
    },
    late(entry, level) {
      if (!isEnabled(entry, level)) return
      const error = entry.thrown && describeError(entry.thrown.at(-1), true)
      log(entry, level, lateRecord(entry, error), lateMessage(entry))
    },
  }
}

/** Whether a logger is that of one request: the app may have the same one for several. */
function carriesId({ bindsId, logger, requestId }: RequestRecord): boolean {
  return bindsId || attempt(() => Object.values(logger.bindings?.() ?? {}).includes(requestId), false)
}

/** Marks an event, so that a logger that waybill created can tell it from the app's lines. */
function marked(record: Record<string, unknown>): Record<string, unknown> {
  return Object.defineProperty(record, EVENT, { value: true })
}

/** An event as text and as an object. */
interface Body extends EventBody {
  readonly object: (record: RequestRecord, level: Level) => Record<string, unknown>
}

/** Returns the bodies of all events, for loggers that bind the id (`withoutId`) and for those that don't (`withId`). */
function bodiesOf(captures: readonly Capture[]): Record<'withId' | 'withoutId', Record<EventKind, Body>> {
  const values = { named: VALUES, included: detailValues(captures) }
  const fields = nativeFields(captures)
  const bodyOf = (kind: EventKind, template: Template, kept: readonly Field[]): Body => ({
    text: fieldsWriter(template, kind, values, percentJson),
    object: (record, level) => {
      const object = toRecord(record, level, kept, kind)
      if (kind === 'running') return withAdded(object, { added: record.bound }, percentEncode)
      return kind === 'started' ? object : withAdded(object, record, percentEncode)
    },
  })
  const bothOf = (
    template: Template,
    keep: (fields: readonly Field[]) => readonly Field[],
  ): Record<EventKind, Body> => ({
    started: bodyOf('started', template, keep(fields.started)),
    running: bodyOf('running', template, keep(fields.running)),
    completed: bodyOf('completed', template, keep(fields.completed)),
  })
  return { withId: bothOf(nativeBody, (all) => all), withoutId: bothOf(nativeBodyWithoutId, omitId) }
}

/** Returns the names of all built-in fields except `error`. */
function namesOf(captures: readonly Capture[]): ReadonlySet<string> {
  const fields = Object.values(nativeFields(captures)).flat()
  const names = new Set(['truncated', ...fields.map(({ key }) => key)])
  names.delete('error')
  return names
}

function omitId(fields: readonly Field[]): readonly Field[] {
  return fields.filter(({ key }) => key !== 'request_id')
}

/** Whether an event has only short built-in fields. */
function isPlain({ captured, added, failure }: RequestRecord): boolean {
  return captured.length === 0 && added === undefined && failure === undefined
}

function boundBytes({ logger }: RequestRecord): number {
  return Buffer.byteLength(JSON.stringify(logger.bindings?.() ?? {}))
}
