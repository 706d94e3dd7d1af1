import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import { type EventFields, reservedNames, toRecord, withAdded } from './fields.js'
import { fitRecord } from './fit.js'
import type { Format } from './index.js'
import { bareEvents } from './pretty-bare.js'
import { createHeads } from './pretty-columns.js'
import { type Row, rowPrinters } from './pretty-row.js'
import { completionMessage, startMessage } from './values.js'

/** The fields of a log line that are never left out. */
const LOG_LINE_KEEPS: ReadonlySet<string> = new Set(['timestamp', 'level', 'request_id', 'message', 'error'])

const EVENTS: ReadonlySet<unknown> = new Set(['request.started', 'request.completed'])

/** The view in a terminal: one line an event, aligned, with errors indented below. */
export function prettyFormat(fields: EventFields, colors: boolean, maxLineBytes: number): Format {
  const bare = bareEvents(fields, createHeads(colors), colors, maxLineBytes)
  const whole = wholeFormat(fields, colors, maxLineBytes)
  return {
    ...whole,
    started: (entry, level) => bare.started(entry, level) ?? whole.started(entry, level),
    completed: (entry, level) => bare.completed(entry, level) ?? whole.completed(entry, level),
  }
}

/** The same view without the short cut for bare events: the plain way. */
export function wholeFormat(fields: EventFields, colors: boolean, maxLineBytes: number): Format {
  const print = rowPrinters(createHeads(colors), colors, maxLineBytes)
  const reserved = reservedNames()

  function printFitted(entry: RequestRecord, level: Level, record: Row, message: string): string {
    const row = { timestamp: entry.time, level, ...record, message }
    return print.event(fitRecord(row, maxLineBytes, reserved))
  }

  return {
    started: (entry, level) =>
      printFitted(entry, level, toRecord(entry, level, fields.started), startMessage(entry)),
    completed: (entry, level) =>
      printFitted(
        entry,
        level,
        withAdded(toRecord(entry, level, fields.completed), entry),
        completionMessage(entry),
      ),
    logLine: ({ fields: custom, requestId, event, ...row }) => {
      const { time: timestamp, level, message, error } = row
      const whole = {
        ...Object.fromEntries(custom),
        timestamp,
        level,
        event,
        request_id: requestId,
        message,
        error,
      }
      const defined = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined))
      // An app may have been given such a logger as its own: then events come as log lines too.
      const printRow = EVENTS.has(event) ? print.event : print.logLine
      return printRow(fitRecord(defined, maxLineBytes, LOG_LINE_KEEPS))
    },
  }
}
