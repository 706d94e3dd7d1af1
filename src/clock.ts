import { performance } from 'node:perf_hooks'
import * as timers from 'node:timers'

/** A wall clock and a monotonic clock. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Monotonic milliseconds. */
  elapsed(): number
}

// Captured when waybill is loaded, because fake timers in a test must not stop the log.
export const { clearTimeout, setImmediate, setTimeout } = timers
export const { queueMicrotask } = globalThis
export const { nextTick } = process

/** Monotonic milliseconds. */
export const elapsed: () => number = performance.now.bind(performance)

/** The end of the year 9999; RFC 3339 has four digits for the year. */
const LAST_TIME = 253_402_300_799_999

/** Reads the wall clock, which tests may fake; if it returns no valid time, derives one from the monotonic clock. */
function now(): number {
  try {
    const time: unknown = Date.now()
    // Also false for NaN.
    if (typeof time === 'number' && time >= 0 && time <= LAST_TIME) return time
  } catch {
    // As for an invalid time.
  }
  return Math.round(performance.timeOrigin + elapsed())
}

export const systemClock: Clock = { now, elapsed }

/** Rounds milliseconds to three decimals. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
