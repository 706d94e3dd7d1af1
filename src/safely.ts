import { isPromise } from 'node:util/types'
import { nextTick } from './clock.js'
import { showValue, warnOnce } from './errors.js'

let faults = 0

/**
 * Runs a step of waybill within the service. An error is counted, and the first one reported; none reaches the service.
 * @returns what the step returns; undefined if it threw
 */
export function safely<T>(step: () => T): T | undefined {
  try {
    return step()
  } catch (error) {
    reportFault(error)
    return undefined
  }
}

/** Runs a step as {@link safely} does, after the current operation (`process.nextTick`). */
export function safelyNext(step: () => void): void {
  nextTick(() => safely(step))
}

/** Counts an internal error, and warns about the first one. */
export function reportFault(error: unknown): void {
  faults++
  try {
    const { stack } = Object(error) as { stack?: unknown }
    const trace = typeof stack === 'string' ? stack : showValue(error)
    warnOnce(
      'WAYBILL_WARN_INTERNAL',
      '',
      `waybill: an internal error was caught, and the request went on; please report it with this stack: ${trace}`,
    )
  } catch {
    // The error or a warning listener throws, too: nothing more can be done.
  }
}

/** Returns how many internal errors were caught. */
export function countFaults(): number {
  return faults
}

/** Returns the result of a function, or a fallback if it throws; for values whose getters may do anything. */
export function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}

/**
 * Whether a function that must answer at once has returned a promise. Nobody waits for it, and its rejection would end the
 * process.
 */
export function isUnawaited(result: unknown): boolean {
  if (!isPromise(result)) return false
  attempt(() => Promise.prototype.then.call(result, undefined, () => {}), undefined)
  return true
}

/**
 * Returns the names of an object's first own properties; none if listing them throws. Typed arrays and String objects have
 * none, because listing their bytes or characters is slow.
 */
export function keysOf(value: object, most: number): string[] {
  return attempt(() => {
    if (ArrayBuffer.isView(value) || value instanceof String) return []
    if (Array.isArray(value))
      return Array.from({ length: Math.min(value.length, most) }, (_, at) => String(at))
    return Object.keys(value).slice(0, most)
  }, [])
}

/**
 * Sets a non-enumerable property, so that comparing, copying or printing a request works as without waybill
 * (`assert.deepStrictEqual` of two requests would compare everything that is reachable from them).
 */
export function setHidden(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false })
}
