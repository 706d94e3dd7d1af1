import { showValue, warnOnce } from '../errors.js'
import { attempt } from '../safely.js'
import { describeError } from './error.js'

/** More fields than a line can hold. */
const MAX_FIELDS = 1000

/** The fields that handlers added to a request, ready to be written. */
export class AddedFields {
  readonly fields = new Map<string, Plain>()
  /** Whether something was left out for its size. */
  cut = false

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
    const budget = newBudget()
    for (const [name, value] of propertiesOf(fields)) {
      const key = readableKey(name)
      if (reserved.has(key)) {
        warnOnce(
          'WAYBILL_WARN_FIELD',
          key,
          `waybill: request.waybill.add() can't set ${showValue(key)}: the name is reserved`,
        )
        continue
      }
      if (this.fields.size >= MAX_FIELDS) {
        budget.cut = true
        break
      }
      renew(budget)
      const plain = toPlain(value, budget)
      if (plain !== undefined) this.fields.set(key, plain)
    }
    if (budget.cut) this.cut = true
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
export interface Budget {
  values: number
  cut: boolean
}

const MAX_DEPTH = 8
const MAX_VALUES = 1000
/** No line holds a longer text, so none is kept. */
const MAX_TEXT = 8000

/** A fresh budget, for the first of several fields. */
export function newBudget(): Budget {
  return { values: MAX_VALUES, cut: false }
}

/** Gives the next field as much as the one before. */
export function renew(budget: Budget): void {
  budget.values = MAX_VALUES
}

/**
 * Copies a value into what JSON can hold, so that it can be written later whatever becomes of the original.
 * What can't be held is lost alone: functions, symbols and `undefined` are left out, a getter or `toJSON` that
 * throws reads `[Thrown]`, a cycle `[Circular]`; a BigInt, NaN or Infinity becomes text.
 */
export function toPlain(
  value: unknown,
  budget: Budget,
  ancestors: readonly object[] = [],
): Plain | undefined {
  if (budget.values-- <= 0) {
    budget.cut = true
    return undefined
  }
  switch (typeof value) {
    case 'string':
      return cutText(value, budget)
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return String(value)
    case 'object':
      return value === null ? null : copyObject(value, budget, ancestors)
    default:
      return undefined
  }
}

function cutText(text: string, budget: Budget): string {
  if (text.length <= MAX_TEXT) return text
  budget.cut = true
  return text.slice(0, (text.codePointAt(MAX_TEXT - 1) ?? 0) > 0xffff ? MAX_TEXT - 1 : MAX_TEXT)
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
    if (ArrayBuffer.isView(value)) return `[${value.constructor.name} of ${value.byteLength} bytes]`
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
    if (budget.values <= 0) {
      budget.cut = true
      break
    }
    copy.push(toPlain(item, budget, path) ?? null)
  }
  return copy
}

function copyEntries(entries: Iterable<[unknown, unknown]>, budget: Budget, path: readonly object[]): Plain {
  const copy = new Map<string, Plain>()
  for (const [key, value] of entries) {
    if (budget.values <= 0) {
      budget.cut = true
      break
    }
    const name = readableKey(attempt(() => String(key), '[Thrown]'))
    const plain = toPlain(value, budget, path)
    if (plain !== undefined) copy.set(cutText(name, budget), plain)
  }
  // Unlike an assignment, this makes a key named __proto__ a key like any other.
  return Object.fromEntries(copy)
}

/** What `readableKey` leaves as it is; to find out takes less than to replace nothing. */
const READABLE = /^[ -~]*$/

/** A key as it is written, so that two which differ in nothing but what is replaced are one. */
export function readableKey(key: string): string {
  return READABLE.test(key) ? key : key.toWellFormed().replaceAll('\0', '\ufffd')
}

function copyProperties(value: object, budget: Budget, path: readonly object[]): Plain {
  return copyEntries(propertiesOf(value), budget, path)
}

/** The own properties of an object; one whose getter throws reads `[Thrown]`, one that can't be listed is left out. */
export function propertiesOf(value: object): [string, unknown][] {
  return keysOf(value).map((key) => [key, propertyOf(value, key)])
}

/** The names of an object's own properties; none where they can't be listed. */
export function keysOf(value: object): string[] {
  return attempt(() => Object.keys(value), [])
}

function propertyOf(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key)
  } catch {
    return '[Thrown]'
  }
}
