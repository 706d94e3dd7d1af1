import { UNPARSED } from './messages.js'
import type { Brush, Paint } from './pretty-paint.js'
import { remembering } from './remember.js'
import { isPlain, visibleText } from './visible.js'

// Enough for 999.9ms, 59.99s and the last eight characters of an id: of a UUID version 7 the first eight are time.
const TAG_WIDTH = 5
const DURATION_WIDTH = 8
const ID_WIDTH = 8
const METHOD_WIDTH = 7

/** How many durations are remembered, by tenths of a millisecond: those below 100 ms. */
const REMEMBERED_TENTHS = 1000

/** The columns of a head. Each but the last ends with a space; what of them comes again is remembered. */
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
  const method = remembering((text) => `${visibleText(String(text)).padEnd(METHOD_WIDTH)} `)
  const levelTag = (level: unknown): string =>
    tag(paint[LEVEL_COLORS[String(level)] ?? 'gray'], String(level).toUpperCase())
  return {
    time: createTime(paint),
    arrow: tag(paint.gray, '-->') + noDuration,
    status: remembering((status = '---') => tag(paint[statusColor(Number(status))], String(status))) as Say,
    level: remembering(levelTag),
    duration: createDuration(paint),
    noDuration,
    id: (requestId) => `${paint.gray(idEnd(requestId))} `,
    request: (text, path = '') => (text === undefined ? UNPARSED : method(text) + visibleText(path)),
  }
}

type Say = (value: unknown) => string

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
  const say = (brush: Brush, text: string): string => `${brush(text.padStart(DURATION_WIDTH))} `
  const remembered: string[] = Array.from({ length: REMEMBERED_TENTHS }, () => '')
  return (durationMs) => {
    const tenths = Math.round(durationMs * 10)
    if (tenths >= 0 && tenths < REMEMBERED_TENTHS) {
      remembered[tenths] ||= say(paint.gray, `${(tenths / 10).toFixed(1)}ms`)
      return remembered[tenths] ?? ''
    }
    if (durationMs >= 1000) return say(paint.red, `${(durationMs / 1000).toFixed(2)}s`)
    return say(durationMs >= 100 ? paint.yellow : paint.gray, `${durationMs.toFixed(1)}ms`)
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
