import { showValue, warnOnce } from '../errors.js'
import { attempt, keysOf } from '../safely.js'
import {
  type Budget,
  copyField,
  MAX_KEY,
  MAX_ROOM,
  MAX_VALUES,
  type Plain,
  propertyOf,
  readableKey,
} from './copy.js'
import type { Redactor } from './redact.js'

/** Fields per request; no line holds as many. */
const MAX_FIELDS = 1000

/** The fields that handlers added to a request, ready to be written. */
export class AddedFields {
  readonly fields = new Map<string, Plain>()
  /** Whether something was left out for its size. */
  cut = false
  /** The characters that each field takes, and those that are left. */
  readonly #sizes = new Map<string, number>()
  #room = MAX_ROOM

  /**
   * Copies fields; a later value replaces an earlier one of the same name. A reserved name is refused with a process
   * warning.
   */
  add(fields: unknown, reserved: ReadonlySet<string>, redactor: Redactor): void {
    if (!isRecord(fields)) {
      const got = showValue(fields)
      warnOnce(
        'WAYBILL_WARN_FIELD',
        '',
        `waybill: request.waybill.add() and bind() expect an object of fields, got ${got}; nothing was added`,
      )
      return
    }
    const names = keysOf(fields, MAX_FIELDS + 1)
    if (names.length > MAX_FIELDS) this.cut = true
    for (const name of names.slice(0, MAX_FIELDS)) {
      if (name.length > MAX_KEY) this.cut = true
      const key = readableKey(name)
      if (reserved.has(key)) {
        warnOnce(
          'WAYBILL_WARN_FIELD',
          key,
          `waybill: no field can be named ${showValue(key)}: the name is reserved; it was left out`,
        )
      } else this.#set(key, propertyOf(fields, name), redactor)
    }
  }

  /** Copies the fields that are not there yet. */
  addMissing(fields: object, reserved: ReadonlySet<string>, redactor: Redactor): void {
    const names = keysOf(fields, MAX_FIELDS).filter((name) => !this.fields.has(readableKey(name)))
    this.add(Object.fromEntries(names.map((name) => [name, propertyOf(fields, name)])), reserved, redactor)
  }

  #set(key: string, value: unknown, redactor: Redactor): void {
    if (this.fields.size >= MAX_FIELDS && !this.fields.has(key)) {
      this.cut = true
      return
    }
    const room = this.#room + (this.#sizes.get(key) ?? 0)
    const budget: Budget = { values: MAX_VALUES, room: room - key.length, cut: false, redactor }
    const plain = copyField(key, value, budget, redactor.top)
    if (budget.cut) this.cut = true
    if (plain === undefined) return
    this.fields.set(key, plain)
    this.#sizes.set(key, room - budget.room)
    this.#room = budget.room
  }
}

/** Whether fields are an object and not an array. */
export function isRecord(fields: unknown): fields is object {
  // Array.isArray throws for a revoked Proxy.
  return typeof fields === 'object' && fields !== null && !attempt(() => Array.isArray(fields), true)
}
