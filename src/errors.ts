import type { Outcome } from './vocabulary.js'

/** Every error that waybill throws, by its stable code. All are thrown while the plugin or a logger is set up. */
export type ErrorCode =
  | 'WAYBILL_ERR_OPTION_UNKNOWN'
  | 'WAYBILL_ERR_OPTION_TYPE'
  | 'WAYBILL_ERR_OPTION_VALUE'
  | 'WAYBILL_ERR_OPTION_UNUSED'
  | 'WAYBILL_ERR_ENVIRONMENT'
  | 'WAYBILL_ERR_FASTIFY_OPTION'
  | 'WAYBILL_ERR_REGISTERED_TWICE'
  | 'WAYBILL_ERR_SERVER'
  | 'WAYBILL_ERR_ENTRY'

/** Every process warning that waybill emits while requests run, by its stable code. Each is emitted once. */
export type WarningCode =
  | 'WAYBILL_WARN_OPTION_RESULT'
  | 'WAYBILL_WARN_FIELD'
  | 'WAYBILL_WARN_EVENT_LOST'
  | 'WAYBILL_WARN_FASTIFY_LINES'
  | 'WAYBILL_WARN_REGISTERED_TWICE'
  | 'WAYBILL_WARN_INTERNAL'
  | 'WAYBILL_WARN_LATE'
  | 'WAYBILL_WARN_ORDER'

/** What waybill throws when it can't be set up as asked: `code` is stable, `option` names the culprit. */
export class WaybillError extends Error {
  override readonly name = 'WaybillError'
  readonly code: ErrorCode
  /** The option or environment variable the error is about, e.g. `requestId.trust`; absent when none is. */
  readonly option: string | undefined

  /** @internal */
  constructor(code: ErrorCode, message: string, option?: string) {
    super(message)
    this.code = code
    this.option = option
  }
}

const warned = new Set<string>()

/** Emits a Node.js process warning, once for each code and subject. */
export function warnOnce(code: WarningCode, subject: string, message: string): void {
  const key = `${code} ${subject}`
  if (warned.has(key)) return
  warned.add(key)
  process.emitWarning(message, { type: 'WaybillWarning', code })
}

/** A value as an error message shows it: short, on one line. */
export function showValue(value: unknown): string {
  try {
    return describe(value)
  } catch {
    return 'what can not be read'
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value))
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Error) return shorten(`${value.name}: ${value.message}`)
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

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
