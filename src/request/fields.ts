import { showValue, warnOnce } from '../errors.js'
import { attempt, keysOf } from '../safely.js'
import { cutText, showBigint } from '../text.js'
import { describeError } from './error.js'

/** More fields than a line can hold. */
const MAX_FIELDS = 1000
/** The characters of all fields of a request: several lines of them, whatever is added and however often. */
const MAX_ROOM = 65_536

/** The fields that handlers added to a request, ready to be written. */
export class AddedFields {
  readonly fields = new Map<string, Plain>()
  /** Whether something was left out for its size. */
  cut = false
  /** How many characters each field takes, and how many more all of them may. */
  readonly #sizes = new Map<string, number>()
  #room = MAX_ROOM

  /**
   * Copies fields in; a later value replaces an earlier one of the same name. A reserved name is refused with a
   * process warning.
   */
  add(fields: unknown, reserved: ReadonlySet<string>): void {
    if (!isRecord(fields)) {
      const got = showValue(fields)
      warnOnce(
        'WAYBILL_WARN_FIELD',
        '',
        `waybill: request.waybill.add() must be given an object of fields, got ${got}; nothing was added`,
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
          `waybill: request.waybill.add() can't set ${showValue(key)}: the name is reserved`,
        )
      } else this.#set(key, propertyOf(fields, name))
    }
  }

  #set(key: string, value: unknown): void {
    if (this.fields.size >= MAX_FIELDS && !this.fields.has(key)) {
      this.cut = true
      return
    }
    const room = this.#room + (this.#sizes.get(key) ?? 0)
    const budget: Budget = { values: MAX_VALUES, room: room - key.length, cut: false }
    const plain = toPlain(value, budget)
    if (budget.cut) this.cut = true
    if (plain === undefined) return
    this.fields.set(key, plain)
    this.#sizes.set(key, room - budget.room)
    this.#room = budget.room
  }
}

/** Whether fields are an object, as they must be. */
export function isRecord(fields: unknown): fields is object {
  // A proxy that was revoked throws at the question.
  return typeof fields === 'object' && fields !== null && !attempt(() => Array.isArray(fields), true)
}

/** A value that JSON can hold as it is. */
export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain }

/** What a copy may still take; `cut` becomes true when something was left out for its size. */
interface Budget {
  values: number
  /** In characters. */
  room: number
  cut: boolean
}

const MAX_DEPTH = 8
/** Of one field. */
const MAX_VALUES = 1000
/** No line holds a longer text, so none is kept. */
const MAX_TEXT = 8000
/** Of a key. */
const MAX_KEY = 1000
/** What a value that is no text takes, and what stands around any value. */
const VALUE_ROOM = 8

/**
 * Copies a value into what JSON can hold, so that it can be written later whatever becomes of the original.
 * What can't be held is lost alone: functions, symbols and `undefined` are left out, a getter or `toJSON` that
 * throws reads `[Thrown]`, a cycle `[Circular]`; a BigInt, NaN or Infinity becomes text.
 */
function toPlain(value: unknown, budget: Budget, ancestors: readonly object[] = []): Plain | undefined {
  if (isSpent(budget)) return undefined
  budget.values--
  budget.room -= VALUE_ROOM
  switch (typeof value) {
    case 'string':
      return keepText(value, budget)
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return keepText(showBigint(value), budget)
    case 'object':
      return value === null ? null : copyObject(value, budget, ancestors)
    default:
      return undefined
  }
}

/** Whether nothing more may be taken. */
function isSpent(budget: Budget): boolean {
  if (budget.values > 0 && budget.room > 0) return false
  budget.cut = true
  return true
}

function keepText(text: string, budget: Budget): string {
  const kept = cutText(text, Math.max(0, Math.min(MAX_TEXT, budget.room)))
  if (kept !== text) budget.cut = true
  budget.room -= kept.length
  return kept
}

function copyObject(value: object, budget: Budget, ancestors: readonly object[]): Plain | undefined {
  if (ancestors.includes(value)) return '[Circular]'
  if (ancestors.length >= MAX_DEPTH) {
    budget.cut = true
    return '[Too deep]'
  }
  const path = [...ancestors, value]
  try {
    if (value instanceof Error) return copyProperties(describeError(value, true), budget, path)
    if (ArrayBuffer.isView(value))
      return keepText(`[${value.constructor.name} of ${value.byteLength} bytes]`, budget)
    if (value instanceof String || value instanceof Number || value instanceof Boolean)
      return toPlain(value.valueOf(), budget, path)
    if (value instanceof Map) return copyEntries(value, budget, path)
    if (value instanceof Set) return copyItems(value, budget, path)
    if (Array.isArray(value)) return copyItems(value, budget, path)
    const toJSON: unknown = Reflect.get(value, 'toJSON')
    if (typeof toJSON === 'function') return copyJson(toJSON.call(value), budget, path)
    return copyProperties(value, budget, path)
  } catch {
    return '[Thrown]'
  }
}

/** What a `toJSON` returned; as for JSON.stringify, another `toJSON` on that does not count. */
function copyJson(value: unknown, budget: Budget, path: readonly object[]): Plain | undefined {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord ? copyProperties(value, budget, path) : toPlain(value, budget, path)
}

function copyItems(items: Iterable<unknown>, budget: Budget, path: readonly object[]): Plain[] {
  const copy: Plain[] = []
  for (const item of items) {
    if (isSpent(budget)) break
    copy.push(toPlain(item, budget, path) ?? null)
  }
  return copy
}

function copyEntries(entries: Iterable<[unknown, unknown]>, budget: Budget, path: readonly object[]): Plain {
  const copy = new Map<string, Plain>()
  for (const [key, value] of entries) {
    if (isSpent(budget)) break
    const whole = attempt(() => String(key), '[Thrown]')
    if (whole.length > MAX_KEY) budget.cut = true
    const name = readableKey(whole)
    budget.room -= name.length
    const plain = toPlain(value, budget, path)
    if (plain !== undefined) copy.set(name, plain)
  }
  // Unlike an assignment, this makes a key named __proto__ a key like any other.
  return Object.fromEntries(copy)
}

/** What `readableKey` leaves as it is; to find out takes less than to replace nothing. */
const READABLE = /^[ -~]*$/

/** A key as it is written, so that two which differ in nothing but what is replaced are one. */
function readableKey(key: string): string {
  const short = cutText(key, MAX_KEY)
  return READABLE.test(short) ? short : short.toWellFormed().replaceAll('\0', '\ufffd')
}

function copyProperties(value: object, budget: Budget, path: readonly object[]): Plain {
  return copyEntries(propertiesOf(value), budget, path)
}

/** The own properties of an object, read one by one, so that none is read that is not taken. */
function* propertiesOf(value: object): Generator<[string, unknown]> {
  for (const key of keysOf(value, MAX_VALUES + 1)) yield [key, propertyOf(value, key)]
}

function propertyOf(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key)
  } catch {
    return '[Thrown]'
  }
}
