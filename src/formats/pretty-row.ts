import { createRequire } from 'node:module'
import type { PrettyOptions } from 'pino-pretty'
import { fits } from './limit.js'
import type { Heads, ToldCompletion } from './pretty-head.js'
import { visibleLines, visibleText, visibleValue } from './visible.js'

/** A line as an object, to be printed by pino-pretty. */
export type Row = Readonly<Record<string, unknown>>
type PrintRow = (row: Row) => string

/** What the head of an event already says, so that pino-pretty need not. */
export const HEAD_FIELDS: readonly string[] = [
  'timestamp',
  'level',
  'event',
  'request_id',
  'method',
  'path',
  'route',
  'status',
  'duration_ms',
  'slow',
  'outcome',
  'response_bytes',
  'message',
]

/** What the head of a log line already says. */
const LOG_HEAD_FIELDS = ['timestamp', 'level', 'request_id', 'message']

/** What stands before and behind a line with colours. */
export const RESET = '\x1b[0m'

/** Prints rows as a head of our own, then what it does not say, then errors: an event, and a line of the app's own. */
export function rowPrinters(
  heads: Heads,
  colors: boolean,
  maxLineBytes: number,
): { event: PrintRow; logLine: PrintRow } {
  const cut = (text: string): string => cutText(text, maxLineBytes, colors)
  return {
    event: createPrinter(colors, (row) => eventHead(row, heads), HEAD_FIELDS, cut),
    logLine: createPrinter(colors, (row) => logLineHead(row, heads), LOG_HEAD_FIELDS, cut),
  }
}

function eventHead(row: Row, heads: Heads): string {
  const { event, method, path, duration_ms: durationMs } = row
  const told: ToldCompletion = {
    ...timeAndId(row),
    method: method === undefined ? undefined : String(method),
    path: String(path),
    status: row.status ?? undefined,
    durationMs: typeof durationMs === 'number' ? durationMs : undefined,
    outcome: String(row.outcome) || 'completed',
    slow: row.slow === true,
  }
  return event === 'request.started' ? heads.started(told) : heads.completed(told)
}

function logLineHead(row: Row, heads: Heads): string {
  const { time, requestId } = timeAndId(row)
  const { level, message = '' } = row
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  return heads.logLine(time, String(level), requestId, text)
}

function timeAndId({ timestamp, request_id: requestId }: Row): { time: number; requestId: string } {
  return { time: new Date(timestamp as string | number).getTime(), requestId: String(requestId ?? '') }
}

/** A pino-pretty that prints a head of our own, then the other fields, then errors. */
function createPrinter(
  colorize: boolean,
  head: (row: Row) => string,
  ignore: readonly string[],
  cut: (text: string) => string,
): PrintRow {
  const options: PrettyOptions = {
    colorize,
    // pino-pretty paints whole messages; the head has its own colours.
    customColors: 'message:reset',
    ignore: ignore.join(),
    singleLine: true,
    messageKey: 'message',
    timestampKey: 'timestamp',
    messageFormat: head,
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
  const end = colors ? `${RESET}\n` : '\n'
  const bytes = Buffer.from(text).subarray(0, maxBytes - end.length)
  // Half a character at the end, and half a colour, are left out.
  return bytes.toString().replace(/\ufffd+$|\x1b\[?\d*$/, '') + end
}

/** An error with its first line, what happened, standing out. */
function paintError(
  story: unknown,
  _key: string,
  _row: object,
  { colors }: { colors: { red(text: string): string } },
): string {
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
