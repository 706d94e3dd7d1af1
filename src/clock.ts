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

export const systemClock: Clock = {
  // A test that fakes the date expects it in the lines.
  now: () => Date.now(),
  elapsed,
}

/** Milliseconds with three decimals. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
