import type { Template } from '../options.js'
import { encodeText, encodeValue, measureText, type Syntax } from './json.js'
import { isTemplate } from './template.js'

/** The bytes that a value keeps at least; values without room for that are left out. */
const FLOOR = 64
const COMMA = 1
const COLON = 1
const BRACES = 2

type Container = Record<string, unknown>

/** One value of a container, and its size as JSON. */
interface Part {
  readonly key: string
  readonly value: unknown
  readonly keyBytes: number
  readonly bytes: number
}

/** The field that marks a cut line. */
export interface CutMark {
  readonly path: readonly string[]
  readonly value: unknown
}

const TRUNCATED: CutMark = { path: ['truncated'], value: true }

/**
 * Makes a record fit: cuts its longest values to one common length, texts at a character boundary, lists and objects by
 * their contents, and sets the mark. If that is not enough, it leaves out the last values.
 * @param maxBytes the size limit of the record as JSON
 * @param keep the fields that are never left out
 * @param mark null when the record has no place for one
 */
export function fitRecord(
  record: Container,
  maxBytes: number,
  keep: ReadonlySet<string>,
  mark: CutMark | null = TRUNCATED,
): Container {
  if (byteLength(record) <= maxBytes) return record
  const others = { ...record }
  const marked: Container = {}
  if (mark !== null) {
    const [name = ''] = mark.path
    delete others[name]
    marked[name] = mark.value
  }
  const parts = partsOf(others, maxBytes - byteLength(marked), keep)
  const entries = parts.map(({ key, value }): [string, unknown] => [key, value])
  return Object.fromEntries([...entries, ...Object.entries(marked)])
}

/** Whether a line, with its newline, is within the limit. */
export function fits(line: string, maxBytes: number): boolean {
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  return line.length * 3 <= maxBytes || Buffer.byteLength(line) <= maxBytes
}

/**
 * Makes a line fit, as {@link fitRecord} does; fields within the template's objects count as fields of the line.
 * @param line JSON, with a newline
 * @param syntax the syntax of the result
 */
export function fitLine(
  line: string,
  maxBytes: number,
  template: Template,
  syntax: Syntax,
  mark: CutMark | undefined,
): string {
  const placeOf = (path: readonly string[]): readonly string[] => (syntax.nests ? path : [syntax.name(path)])
  const flatMark = mark === undefined ? null : { path: [flatName(placeOf(mark.path))], value: mark.value }
  const keep = new Set(declaredPaths(template).map((path) => flatName(placeOf(path))))
  const flat = Object.fromEntries(flatten(JSON.parse(line), template, []))
  const record = unflatten(fitRecord(flat, maxBytes - 1, keep, flatMark))
  if (syntax.nests) return `${encodeValue(record)}\n`
  const fields = Object.entries(record).map(([key, value]) => syntax.key(key) + syntax.value(value))
  return `${fields.join('').slice(1)}\n`
}

/** Returns a unique name for a path: its key at the top level, where the key's size counts, else the path as JSON. */
function flatName(path: readonly string[]): string {
  const [key = '', ...rest] = path
  return rest.length === 0 && !key.startsWith('[') ? key : JSON.stringify(path)
}

function pathOfName(name: string): readonly string[] {
  return name.startsWith('[') ? JSON.parse(name) : [name]
}

/** Returns the paths of all fields that a template declares. */
function declaredPaths(template: Template, parent: readonly string[] = []): (readonly string[])[] {
  return Object.entries(template).flatMap(([key, value]) => {
    const path = [...parent, key]
    return isTemplate(value) ? declaredPaths(value, path) : [path]
  })
}

/** Flattens the objects of a line that its template declares. */
function flatten(line: Container, template: Template, parent: readonly string[]): [string, unknown][] {
  return Object.entries(line).flatMap(([key, value]) => {
    const path = [...parent, key]
    const declared = Object.hasOwn(template, key) ? template[key] : undefined
    if (isTemplate(declared) && isTemplate(value)) return flatten(value, declared, path)
    return [[flatName(path), value]]
  })
}

/** Reverses {@link flatten}. */
function unflatten(flat: Container): Container {
  const line: Container = {}
  for (const [name, value] of Object.entries(flat)) put(line, pathOfName(name), value)
  return line
}

function put(container: Container, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0 && !Object.hasOwn(container, key)) define(container, key, {})
  if (rest.length > 0) put(container[key] as Container, rest, value)
  else define(container, key, value)
}

/** Assigning `__proto__` would set the prototype. */
function define(container: Container, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true })
}

/** Returns the values of a container that stay, each cut to the common length. */
function partsOf(container: Container, maxBytes: number, keep: ReadonlySet<string>): Part[] {
  const isList = Array.isArray(container)
  const parts = Object.entries(container).map(([key, value]) => {
    const keyBytes = COMMA + (isList ? 0 : Buffer.byteLength(encodeText(key)) + COLON)
    return { key, value, keyBytes, bytes: byteLength(value) }
  })
  const room = maxBytes - BRACES
  const staying = choose(parts, room, keep)
  const most = commonLength(
    staying.map(({ bytes }) => bytes),
    room - staying.reduce((sum, { keyBytes }) => sum + keyBytes, 0),
  )
  return staying.map((part) => (part.bytes <= most ? part : { ...part, value: shrink(part.value, most) }))
}

/** Chooses the values that stay: those to keep, then the others in order while each has its minimum. */
function choose(parts: readonly Part[], room: number, keep: ReadonlySet<string>): Part[] {
  const least = ({ keyBytes, bytes }: Part): number => keyBytes + Math.min(bytes, FLOOR)
  let left = room
  for (const part of parts) if (keep.has(part.key)) left -= least(part)
  return parts.filter((part) => {
    if (keep.has(part.key)) return true
    if (least(part) > left) return false
    left -= least(part)
    return true
  })
}

/** Returns the length to which the longest values must be cut so that all fit. */
export function commonLength(sizes: readonly number[], room: number): number {
  let left = room
  for (const [index, bytes] of [...sizes].sort((a, b) => a - b).entries()) {
    const share = Math.floor(left / (sizes.length - index))
    if (bytes > share) return share
    left -= bytes
  }
  return Number.POSITIVE_INFINITY
}

/** Cuts a value to a size as JSON; numbers and booleans stay, because they are short. */
function shrink(value: unknown, maxBytes: number): unknown {
  if (typeof value === 'string') return value.slice(0, measureText(value, maxBytes - BRACES).end)
  if (typeof value !== 'object' || value === null) return value
  const parts = partsOf(value as Container, maxBytes, NOTHING_KEPT)
  if (Array.isArray(value)) return parts.map((part) => part.value)
  return Object.fromEntries(parts.map((part) => [part.key, part.value]))
}

const NOTHING_KEPT: ReadonlySet<string> = new Set()

function byteLength(value: unknown): number {
  return Buffer.byteLength(encodeValue(value))
}
