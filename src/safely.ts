import { nextTick } from './clock.js'
import { showValue, warnOnce } from './errors.js'

let faults = 0

/**
 * Runs a step of waybill's own within the service that it watches: what it throws is counted and reported once, and
 * never reaches the service.
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

/** Runs a step of waybill's own, as {@link safely} does, when what runs now is over. */
export function safelyNext(step: () => void): void {
  nextTick(() => safely(step))
}

/** Counts an error of waybill's own, and warns of the first one. */
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
    // The error, or who listens for warnings, throws as well: nothing more can be done.
  }
}

/** How many errors of its own waybill has kept from the service. */
export function countFaults(): number {
  return faults
}

/** What a function returns, or something else when it throws; for values that may do anything when they are read. */
export function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}

/**
 * The names of an object's first own properties; none where they can't be listed. Bytes and characters are no properties:
 * to list them would take long.
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
 * Sets a property that no enumeration shows: comparing, copying or printing a request stays what it is without waybill
 * (`assert.deepStrictEqual` of two requests would go through everything that hangs on them).
 */
export function setHidden(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false })
}
