import type { RequestRecord } from '../request/record.js'
import { UNPARSED } from './values.js'
import { isPlain, visibleText } from './visible.js'

type Color = 'gray' | 'green' | 'cyan' | 'yellow' | 'red' | 'magenta'

/** Puts a text in a colour; it holds no colours itself, and nothing that a terminal would obey. */
export type Brush = (text: string) => string

/** The colours that a head is painted with. */
export type Paint = Readonly<Record<Color, Brush>>

/** The colours, without effect where there are none. */
export function createPaint(colors: boolean): Paint {
  const brush = (code: number): Brush => {
    const begin = `\x1b[${code}m`
    return colors ? (text) => `${begin}${text}\x1b[39m` : (text) => text
  }
  return {
    gray: brush(90),
    green: brush(32),
    cyan: brush(36),
    yellow: brush(33),
    red: brush(31),
    magenta: brush(35),
  }
}

/** What the head of an event says of its request. */
export type Told = Pick<RequestRecord, 'time' | 'requestId' | 'method' | 'path'>

/** What the head of a completion says besides. */
export interface ToldCompletion extends Told {
  readonly status: unknown
  readonly durationMs: number | undefined
  readonly outcome: string
  readonly slow: boolean
}

/** The heads of lines, with what a terminal would obey in an event made visible. */
export interface Heads {
  /** Time, id, method and path. */
  started(told: Told): string
  /** Time, status, duration, id, method and path, and the outcome unless all went well. */
  completed(told: ToldCompletion): string
  /** The head of one of the app's own log lines: time, level, id if it has one, message, which are visible already. */
  logLine(time: number, level: string, requestId: string, message: string): string
}

/** The heads, in colour or not. */
export function createHeads(colors: boolean): Heads {
  const paint = createPaint(colors)
  const { time, arrow, status, level, duration, noDuration, id, request } = createColumns(paint)
  return {
    started: (told) => time(told.time) + arrow + id(told.requestId) + request(told.method, told.path),
    completed: (told) => {
      const { durationMs, outcome, slow } = told
      const head =
        time(told.time) +
        status(told.status) +
        (durationMs === undefined ? noDuration : duration(durationMs)) +
        id(told.requestId) +
        request(told.method, told.path)
      if (outcome === 'completed' && !slow) return head
      const remark = outcome === 'completed' ? 'slow' : slow ? `${outcome} slow` : outcome
      return `${head} ${paint.yellow(remark)}`
    },
    logLine: (at, name, requestId, message) =>
      time(at) + level(name) + noDuration + id(requestId) + message.replaceAll('\n', '\n    '),
  }
}

// Enough for 999.9ms, 59.99s and the last eight characters of an id: of a UUID version 7 the first eight are time.
const TAG_WIDTH = 5
const DURATION_WIDTH = 8
const ID_WIDTH = 8
const METHOD_WIDTH = 7

/** The columns of a head. Each but the last ends with a space. */
export interface Columns {
  time(time: number): string
  /** In place of a status and a duration. */
  readonly arrow: string
  status(status: unknown): string
  level(level: string): string
  duration(durationMs: number): string
  readonly noDuration: string
  id(requestId: string): string
  request(method: string | undefined, path: string | undefined): string
}

/** The columns in their widths and colours. */
export function createColumns(paint: Paint): Columns {
  const tag = (brush: Brush, text: string): string => `${brush(text.padEnd(TAG_WIDTH))} `
  const noDuration = ' '.repeat(DURATION_WIDTH + 1)
  return {
    time: createTime(paint),
    arrow: tag(paint.gray, '-->') + noDuration,
    status: (status = '---') => tag(paint[statusColor(Number(status))], String(status)),
    level: (level) => tag(paint[LEVEL_COLORS[level] ?? 'gray'], level.toUpperCase()),
    duration: createDuration(paint),
    noDuration,
    id: (requestId) => `${paint.gray(idEnd(requestId))} `,
    request: (method, path = '') =>
      method === undefined ? UNPARSED : `${visibleText(method).padEnd(METHOD_WIDTH)} ${visibleText(path)}`,
  }
}

/** The local time, made once for as long as the millisecond lasts, and but for its end as the second lasts. */
function createTime(paint: Paint): (time: number) => string {
  let lastTime = Number.NaN
  let lastSecond = Number.NaN
  let clock = ''
  let column = ''
  return (time) => {
    if (time === lastTime) return column
    const second = Math.floor(time / 1000)
    if (second !== lastSecond) {
      clock = localClock(new Date(time))
      lastSecond = second
    }
    lastTime = time
    column = `${paint.gray(clock + (clock === NO_TIME ? '' : thousandths(time - second * 1000)))} `
    return column
  }
}

const NO_TIME = 'no time     '

function localClock(date: Date): string {
  if (Number.isNaN(date.getTime())) return NO_TIME
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}

function thousandths(ms: number): string {
  if (ms < 10) return `.00${ms}`
  return ms < 100 ? `.0${ms}` : `.${ms}`
}

/** A duration as a person compares it: `0.4ms`, `12.3ms`, `1.25s`, `83.20s`. */
function createDuration(paint: Paint): (durationMs: number) => string {
  const show = (brush: Brush, text: string): string => `${brush(text.padStart(DURATION_WIDTH))} `
  return (durationMs) => {
    if (durationMs >= 1000) return show(paint.red, `${(durationMs / 1000).toFixed(2)}s`)
    return show(
      durationMs >= 100 ? paint.yellow : paint.gray,
      `${(Math.round(durationMs * 10) / 10).toFixed(1)}ms`,
    )
  }
}

/** The end of an id, which an app's own may have characters of two UTF-16 units in. */
function idEnd(requestId: string): string {
  const end = requestId.slice(-ID_WIDTH)
  if (end.length === ID_WIDTH && isPlain(end)) return end
  return visibleText(requestId)
    .slice(-ID_WIDTH)
    .replace(/^\p{Surrogate}/u, '')
    .padEnd(ID_WIDTH)
}

function statusColor(status: number): keyof Paint {
  if (status >= 500) return 'red'
  if (status >= 400) return 'yellow'
  return status >= 300 ? 'cyan' : 'green'
}

const LEVEL_COLORS: Readonly<Record<string, keyof Paint>> = {
  trace: 'gray',
  debug: 'cyan',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
}
