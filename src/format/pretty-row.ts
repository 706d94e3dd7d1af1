import { fits } from './fit.js'
import { type Brush, createPaint, type Heads, type ToldCompletion } from './pretty-columns.js'
import { visibleLines, visibleText, visibleValue } from './visible.js'

/** A line as an object. */
export type Row = Readonly<Record<string, unknown>>
type PrintRow = (row: Row) => string

/** What the head of an event says. */
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

/** What the head of a log line says. */
const LOG_HEAD_FIELDS = ['timestamp', 'level', 'request_id', 'message']

/** The fields that are errors, which are shown on lines of their own. */
const ERROR_FIELDS: readonly string[] = ['error', 'err']

/** What stands before and behind the head of a line with colours. */
export const RESET = '\x1b[0m'

/** Prints rows: an event, and a log line of the app. */
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
    method: method === undefined ? undefined : textOf(method),
    path: path === undefined ? undefined : textOf(path),
    status: row.status ?? undefined,
    durationMs: typeof durationMs === 'number' ? durationMs : undefined,
    outcome: row.outcome === undefined ? 'completed' : textOf(row.outcome),
    slow: row.slow === true,
  }
  return event === 'request.started' ? heads.started(told) : heads.completed(told)
}

/** A value that should be a text, whatever it is. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
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

/** Prints a head, then the fields that it does not say as JSON, then errors, indented on lines of their own. */
function createPrinter(
  colors: boolean,
  head: (row: Row) => string,
  headFields: readonly string[],
  cut: (text: string) => string,
): PrintRow {
  const { gray, red } = createPaint(colors)
  const reset = colors ? RESET : ''
  return (row) => {
    const visible = visibleRow(row)
    const others = Object.entries(visible).filter(([key]) => !headFields.includes(key))
    const fields = others.filter(([key]) => !ERROR_FIELDS.includes(key))
    const errors = others.filter(([key]) => ERROR_FIELDS.includes(key))
    // In JSON, the backslash of a control that is shown as `\x1b` is there twice.
    const json = JSON.stringify(Object.fromEntries(fields)).replaceAll('\\\\', '\\')
    const first = `${reset}${head(visible)}${reset}${fields.length === 0 ? '' : ` ${gray(json)}`}`
    const stories = errors.map(([key, story]) => `    ${key}: ${paintError(String(story), red)}`)
    const lines = [first, ...stories].join('\n').split('\n')
    return cut(`${lines.map((line) => line.trimEnd()).join('\n')}\n`)
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

/** An error, indented below its name, with its first line painted: it says what happened. */
function paintError(story: string, paint: Brush): string {
  const [first = '', ...stack] = story.split('\n')
  return [first === '' ? '' : paint(first), ...stack].join('\n    ')
}

/** A row with nothing in it that a terminal would obey; its errors become text of several lines. */
function visibleRow(row: Row): Row {
  const entries = Object.entries(row).map(([key, value]) => {
    if (ERROR_FIELDS.includes(key)) return [key, describe(value)]
    if (key === 'message' && typeof value === 'string') return [key, visibleLines(value)]
    return [visibleText(key), visibleValue(value)]
  })
  return Object.fromEntries(entries)
}

function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return visibleLines(String(error))
  const { type, message, stack, ...others } = error as Row
  const summary = [type, message]
    .filter((part) => part !== undefined)
    .map(textOf)
    .join(': ')
  const story = visibleLines(typeof stack === 'string' ? stack : summary)
  const rest = Object.keys(others).length === 0 ? '' : JSON.stringify(visibleValue(others))
  return [story, rest].filter((part) => part !== '').join('\n')
}
