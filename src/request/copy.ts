import { attempt, keysOf } from '../safely.js'
import { cutText, showBigint } from '../text.js'
import { describeError, isError } from './error.js'
import { isRedacted, type Places, placesBelow, REDACTED, type Redactor } from './redact.js'

/** A value that JSON can hold as it is. */
export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain }

/** How much a copy may still hold; `cut` becomes true when something is left out for its size. */
export interface Budget {
  values: number
  /** In characters. */
  room: number
  cut: boolean
  readonly redactor: Redactor
}

const MAX_DEPTH = 8
/** Values per field. */
export const MAX_VALUES = 1000
/** Characters of all fields of one request or log line. */
export const MAX_ROOM = 65_536
/** Characters per string; no line holds a longer one. */
export const MAX_TEXT = 8000
/** Characters per key. */
export const MAX_KEY = 1000
/** Characters charged per value for its punctuation and digits. */
const VALUE_ROOM = 8

/**
 * Copies a value as plain JSON data, so that later changes of the original don't show. Functions, symbols and `undefined`
 * are omitted; a getter or `toJSON` that throws becomes `[Thrown]`, a cycle `[Circular]`, a BigInt, NaN or Infinity a
 * string.
 */
function toPlain(
  value: unknown,
  budget: Budget,
  ancestors: readonly object[],
  places: Places,
): Plain | undefined {
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
      return value === null ? null : copyObject(value, budget, ancestors, places)
    default:
      return undefined
  }
}

/**
 * Copies a field with {@link toPlain}, or redacts it.
 * @param places the redaction places of the object that holds the field
 */
export function copyField(key: string, value: unknown, budget: Budget, places: Places): Plain | undefined {
  return copyAt(key, value, budget, [], places)
}

function copyAt(
  key: string,
  value: unknown,
  budget: Budget,
  path: readonly object[],
  places: Places,
): Plain | undefined {
  const below = placesBelow(places, key)
  if (value === undefined || !isRedacted(budget.redactor, key, below))
    return toPlain(value, budget, path, below)
  return toPlain(REDACTED, budget, path, below)
}

/** Whether the budget is used up; then it sets `cut`. */
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

function copyObject(
  value: object,
  budget: Budget,
  ancestors: readonly object[],
  places: Places,
): Plain | undefined {
  if (ancestors.includes(value)) return '[Circular]'
  if (ancestors.length >= MAX_DEPTH) {
    budget.cut = true
    return '[Too deep]'
  }
  const path = [...ancestors, value]
  try {
    if (isError(value)) return copyProperties(describeError(value, true), budget, path, places)
    if (ArrayBuffer.isView(value))
      return keepText(`[${value.constructor.name} of ${value.byteLength} bytes]`, budget)
    if (value instanceof String || value instanceof Number || value instanceof Boolean)
      return toPlain(value.valueOf(), budget, path, places)
    if (value instanceof Map) return copyEntries(value, budget, path, places)
    if (value instanceof Set) return copyItems(value, budget, path, places)
    if (Array.isArray(value)) return copyItems(value, budget, path, places)
    if (isIncoming(value)) return copyProperties({ method: value.method }, budget, path, places)
    const toJSON: unknown = Reflect.get(value, 'toJSON')
    if (typeof toJSON === 'function') return copyJson(toJSON.call(value), budget, path, places)
    return copyProperties(value, budget, path, places)
  } catch {
    return '[Thrown]'
  }
}

/** Whether a value is a Node.js request, whose headers and target may hold anything. */
function isIncoming(value: object): value is { method: unknown } {
  return 'rawHeaders' in value && 'method' in value
}

/** Copies the result of a `toJSON`; like JSON.stringify, it ignores a `toJSON` of that result. */
function copyJson(
  value: unknown,
  budget: Budget,
  path: readonly object[],
  places: Places,
): Plain | undefined {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord ? copyProperties(value, budget, path, places) : toPlain(value, budget, path, places)
}

function copyItems(
  items: Iterable<unknown>,
  budget: Budget,
  path: readonly object[],
  places: Places,
): Plain[] {
  const copy: Plain[] = []
  for (const item of items) {
    if (isSpent(budget)) break
    copy.push(copyAt(String(copy.length), item, budget, path, places) ?? null)
  }
  return copy
}

/** Copies the entries of a Map, whose keys may be anything. */
function copyEntries(
  entries: ReadonlyMap<unknown, unknown>,
  budget: Budget,
  path: readonly object[],
  places: Places,
): Plain {
  const copy: Record<string, Plain> = {}
  for (const [key, value] of entries) {
    if (isSpent(budget)) break
    copyInto(
      copy,
      attempt(() => String(key), '[Thrown]'),
      value,
      budget,
      path,
      places,
    )
  }
  return copy
}

function copyInto(
  copy: Record<string, Plain>,
  key: string,
  value: unknown,
  budget: Budget,
  path: readonly object[],
  places: Places,
): void {
  if (key.length > MAX_KEY) budget.cut = true
  const name = readableKey(key)
  budget.room -= name.length
  const plain = copyAt(name, value, budget, path, places)
  if (plain === undefined) return
  // Assigning `__proto__` would set the prototype.
  if (name === '__proto__')
    Object.defineProperty(copy, name, { value: plain, enumerable: true, configurable: true })
  else copy[name] = plain
}

/** Keys without characters to replace. */
const READABLE = /^[ -~]*$/

/** Returns a key as it is written; keys that differ only in replaced characters become the same. */
export function readableKey(key: string): string {
  const short = cutText(key, MAX_KEY)
  return READABLE.test(short) ? short : short.toWellFormed().replaceAll('\0', '\ufffd')
}

/** Copies the own properties of an object one by one, so that no getter runs whose value is not copied. */
function copyProperties(value: object, budget: Budget, path: readonly object[], places: Places): Plain {
  const copy: Record<string, Plain> = {}
  for (const key of keysOf(value, MAX_VALUES + 1)) {
    if (isSpent(budget)) break
    copyInto(copy, key, propertyOf(value, key), budget, path, places)
  }
  return copy
}

/** Reads a property; returns `[Thrown]` if its getter throws. */
export function propertyOf(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key)
  } catch {
    return '[Thrown]'
  }
}
