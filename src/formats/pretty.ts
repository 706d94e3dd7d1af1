import { createRequire } from 'node:module'
import type { PrettyOptions } from 'pino-pretty'
import type { Entry } from '../entry.js'
import type { Level } from '../vocabulary.js'
import { type EventFields, reservedNames, toRecord, withAdded } from './fields.js'
import type { Format } from './format.js'
import { LOG_LINE_KEEPS } from './json.js'
import { fitRecord, fits } from './limit.js'
import { readLogLine } from './log-row.js'
import { completionMessage, startMessage } from './messages.js'
import { eventHead, logLineHead, type Paint } from './pretty-head.js'
import { visibleLines, visibleText, visibleValue } from './visible.js'

type Row = Record<string, unknown>

/** What the head of an event already says, so that pino-pretty need not. */
const SAID_BY_HEAD =
  'timestamp,level,event,request_id,method,path,route,status,duration_ms,slow,outcome,response_bytes,message'

const NO_COLOR = '\x1b[0m'

const EVENTS: ReadonlySet<unknown> = new Set(['request.started', 'request.completed'])

/** The view in a terminal: one line an event, aligned, with errors indented below. */
export function prettyFormat(fields: EventFields, colors: boolean, maxLineBytes: number): Format {
  const cut = (text: string): string => cutText(text, maxLineBytes, colors)
  const printEvent = createPrinter(colors, eventHead, SAID_BY_HEAD, cut)
  const printLogLine = createPrinter(colors, logLineHead, 'timestamp,level,request_id,message', cut)
  const reserved = reservedNames()

  function printFitted(entry: Entry, level: Level, record: Row, message: string): string {
    const row = { timestamp: entry.time, level, ...record, message }
    return printEvent(fitRecord(row, maxLineBytes, reserved))
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
      const print = EVENTS.has(row.event) ? printEvent : printLogLine
      return print(fitRecord(row, maxLineBytes, LOG_LINE_KEEPS))
    },
  }
}

/** A pino-pretty that prints a head of our own, then the other fields, then errors. */
function createPrinter(
  colorize: boolean,
  head: (row: Row, paint: Paint) => string,
  ignore: string,
  cut: (text: string) => string,
): (row: Row) => string {
  const options: PrettyOptions = {
    colorize,
    // pino-pretty paints whole messages; the head has its own colours.
    customColors: 'message:reset',
    ignore,
    singleLine: true,
    messageKey: 'message',
    timestampKey: 'timestamp',
    messageFormat: (row, _messageKey, _levelLabel, { colors }) => head(row, colors),
    customPrettifiers: { error: paintError, err: paintError },
  }
  // Loaded here, so that only those pay for it who read in a terminal.
  const { prettyFactory }: typeof import('pino-pretty') = createRequire(import.meta.url)('pino-pretty')
  const print = prettyFactory(options)
  return (row) => {
    const lines = print(visibleRow(row)).split('\n')
    return cut(lines.map((line) => line.trimEnd()).join('\n'))
  }
}

/** Ends a text that is too long as it is shown: what a terminal would obey takes several times its size. */
function cutText(text: string, maxBytes: number, colors: boolean): string {
  if (fits(text, maxBytes)) return text
  const end = colors ? `${NO_COLOR}\n` : '\n'
  const bytes = Buffer.from(text).subarray(0, maxBytes - end.length)
  // Half a character at the end, and half a colour, are left out.
  return bytes.toString().replace(/\ufffd+$|\x1b\[?\d*$/, '') + end
}

/** An error with its first line, what happened, standing out. */
function paintError(story: unknown, _key: string, _row: object, { colors }: { colors: Paint }): string {
  const [first, ...stack] = String(story).split('\n')
  return [colors.red(first ?? ''), ...stack].join('\n')
}

/** A row with nothing in it that a terminal would obey; its errors become text of several lines. */
function visibleRow(row: Row): Row {
  const entries = Object.entries(row).map(([key, value]) => {
    if (key === 'error' || key === 'err') return [key, describe(value)]
    if (key === 'message' && typeof value === 'string') return [key, visibleLines(value)]
    return [visibleText(key), visibleValue(value)]
  })
  return Object.fromEntries(entries)
}

function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return visibleLines(String(error))
  const { type, message, stack, ...others } = error as Row
  const summary = [type, message].filter((part) => part !== undefined).join(': ')
  const story = visibleLines(typeof stack === 'string' ? stack : summary)
  const rest = Object.keys(others).length === 0 ? '' : JSON.stringify(visibleValue(others))
  return [story, rest].filter((part) => part !== '').join('\n')
}
