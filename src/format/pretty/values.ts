import { inspect } from 'node:util'
import { attempt } from '../../safely.js'
import type { Paint } from './paint.js'
import type { RowField } from './row.js'
import { visibleColored, visibleText } from './text.js'

/** The depth of shown objects. */
const MAX_DEPTH = 4
/** Texts shown without quotes. */
const BARE = /^[^\s"'=]+$/

/** Shows a field as dim `key=` and value. */
export function showField([name, value]: RowField, colors: boolean, paint: Paint): string {
  return paint.dim(`${visibleText(name)}=`) + showValue(value, colors)
}

function showValue(value: unknown, colors: boolean): string {
  if (typeof value === 'string') {
    const text = visibleText(value)
    return BARE.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`
  }
  if (typeof value !== 'object' || value === null) return String(value)
  const options = { colors, depth: MAX_DEPTH, breakLength: Number.POSITIVE_INFINITY, compact: true } as const
  const shown = attempt(() => inspect(value, { ...options, customInspect: false }), '[object]')
  // `inspect` has escaped every ESC outside its colours.
  return colors ? visibleColored(shown) : visibleText(shown)
}

/** Shows a duration, in at most six columns if below 100h: `0.4ms`, `312ms`, `1.25s`, `83.2s`, `4m05s`, `2h03m`. */
export function showDuration(ms: number): string {
  if (ms < 99.95) return `${(Math.round(ms * 10) / 10).toFixed(1)}ms`
  if (ms < 999.5) return `${Math.round(ms)}ms`
  if (ms < 9995) return `${(ms / 1000).toFixed(2)}s`
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)}s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`
  return `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`
}

/** Shows a size in bytes: `27B`, `1.2kB`, `34MB`. */
export function showBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes}B`
  let size = bytes / 1000
  for (const unit of ['k', 'M']) {
    if (size < 999.5) return `${size < 9.95 ? size.toFixed(1) : Math.round(size)}${unit}B`
    size /= 1000
  }
  return `${size.toFixed(1)}GB`
}

/** Creates a formatter of the local time with milliseconds, which caches the text of the last second. */
export function createClock(): (time: number) => string {
  let lastSecond = Number.NaN
  let clock = ''
  return (time) => {
    const second = Math.floor(time / 1000)
    if (second !== lastSecond) {
      const date = new Date(time)
      if (Number.isNaN(date.getTime())) return 'no time     '
      clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
      lastSecond = second
    }
    return `${clock}.${String(Math.floor(time - second * 1000)).padStart(3, '0')}`
  }
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
