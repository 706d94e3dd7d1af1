import { warnOnce } from '../errors.js'
import type { Outcome } from '../vocabulary.js'

/** More names than a service gives to its fields: some take them from what clients send. */
const MAX_KEYS = 100

const keys = new Set<string>()

/**
 * Emits a process warning, once for each key, that something came after the completion of its request.
 * @param call what was called, with the key or error that it was given
 * @param key the name of the field; empty for an error
 */
export function warnLate(call: string, key: string, outcome: Outcome): void {
  if (keys.size >= MAX_KEYS) return
  keys.add(key)
  const message = `request.waybill.${call} came after the completion of its request (${outcome}) and is lost`
  warnOnce('WAYBILL_WARN_LATE', key, message)
}
