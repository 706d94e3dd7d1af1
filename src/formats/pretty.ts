import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import { type EventFields, reservedNames, toRecord, withAdded } from './fields.js'
import type { Format } from './format.js'
import { LOG_LINE_KEEPS } from './json.js'
import { fitRecord } from './limit.js'
import { readLogLine } from './log-row.js'
import { completionMessage, startMessage } from './messages.js'
import { bareEvents } from './pretty-bare.js'
import { createHeads } from './pretty-head.js'
import { type Row, rowPrinters } from './pretty-row.js'

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
    // A person knows what the service is.
    addsService: true,
    started: (entry, level) =>
      printFitted(entry, level, toRecord(entry, level, fields.started), startMessage(entry)),
    completed: (entry, level) =>
      printFitted(
        entry,
        level,
        withAdded(toRecord(entry, level, fields.completed), entry),
        completionMessage(entry),
      ),
    logLine: (line) => {
      const { fields, ...envelope } = readLogLine(line)
      const row: Row = { ...fields, ...envelope }
      // An app may have been given such a logger as its own: then events come as log lines too.
      const printRow = EVENTS.has(row.event) ? print.event : print.logLine
      return printRow(fitRecord(row, maxLineBytes, LOG_LINE_KEEPS))
    },
  }
}
