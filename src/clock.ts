import { performance } from 'node:perf_hooks'
import * as timers from 'node:timers'

/** The two clocks of a log: one says when, the other how long. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Milliseconds that never go back. */
  elapsed(): number
}

// Taken when waybill is loaded, and not from the globals: a test that fakes timers must not stop the log.
export const { setImmediate, setTimeout } = timers
export const { queueMicrotask } = globalThis
export const { nextTick } = process

/** Milliseconds that never go back. */
export const elapsed: () => number = performance.now.bind(performance)

/** The end of the year 9999, after which no time has four digits for its year (RFC 3339). */
const LAST_TIME = 253_402_300_799_999

/** The wall clock, which tests may fake; where it gives no time, the time by the monotonic clock. */
function now(): number {
  try {
    const time: unknown = Date.now()
    // False for what is no number, too.
    if (typeof time === 'number' && time >= 0 && time <= LAST_TIME) return time
  } catch {
    // The same as for any other clock that can't be read.
  }
  return Math.round(performance.timeOrigin + elapsed())
}

export const systemClock: Clock = { now, elapsed }

/** Milliseconds with three decimals. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
