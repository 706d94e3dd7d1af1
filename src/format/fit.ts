import type { Template } from '../options.js'
import { encodeText, encodeValue, measureText, type Syntax } from './json.js'
import { isTemplate } from './template.js'

/** What every value may take, in bytes, before another one is left out for it. */
const FLOOR = 64
/** A comma, and a colon behind a key. */
const COMMA = 1
const COLON = 1
const BRACES = 2

type Container = Record<string, unknown>

/** One value of a container, and what it takes as JSON. */
interface Part {
  readonly key: string
  readonly value: unknown
  readonly keyBytes: number
  readonly bytes: number
}

/** Where and how a line says that it was cut. */
export interface CutMark {
  readonly path: readonly string[]
  readonly value: unknown
}

const TRUNCATED: CutMark = { path: ['truncated'], value: true }

/**
 * Makes a record fit: its longest values are cut to one common length, texts at a character boundary, lists and
 * objects by cutting what they hold, and the mark is set. Where too many values are left even so, the last ones are
 * left out.
 * @param maxBytes what the record may take as JSON
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

/** Whether a line, with its newline, is no longer than it may be. */
export function fits(line: string, maxBytes: number): boolean {
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  return line.length * 3 <= maxBytes || Buffer.byteLength(line) <= maxBytes
}

/**
 * Makes a line fit, as {@link fitRecord} does; fields of the objects that its template declares count as fields of the line.
 * @param line JSON, with a newline
 * @param syntax what the result is written in
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

/** The name of a field by its path: its key at the top, which is what it takes there; no name can be another's. */
function flatName(path: readonly string[]): string {
  const [key = '', ...rest] = path
  return rest.length === 0 && !key.startsWith('[') ? key : JSON.stringify(path)
}

function pathOf(name: string): readonly string[] {
  return name.startsWith('[') ? JSON.parse(name) : [name]
}

/** Where all fields stand that a template declares. */
function declaredPaths(template: Template, parent: readonly string[] = []): (readonly string[])[] {
  return Object.entries(template).flatMap(([key, value]) => {
    const path = [...parent, key]
    return isTemplate(value) ? declaredPaths(value, path) : [path]
  })
}

/** The fields of a line, with those of the objects that its template declares side by side. */
function flatten(line: Container, template: Template, parent: readonly string[]): [string, unknown][] {
  return Object.entries(line).flatMap(([key, value]) => {
    const path = [...parent, key]
    const declared = Object.hasOwn(template, key) ? template[key] : undefined
    if (isTemplate(declared) && isTemplate(value)) return flatten(value, declared, path)
    return [[flatName(path), value]]
  })
}

/** A line as it was before {@link flatten}. */
function unflatten(flat: Container): Container {
  const line: Container = {}
  for (const [name, value] of Object.entries(flat)) put(line, pathOf(name), value)
  return line
}

function put(container: Container, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0 && !Object.hasOwn(container, key)) define(container, key, {})
  if (rest.length > 0) put(container[key] as Container, rest, value)
  else define(container, key, value)
}

/** Assigning would take `__proto__` for the prototype. */
function define(container: Container, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true })
}

/** The values of a container that stay, each cut to the common length. */
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

/** The values for which there is room: what is kept, then the others in order, each with its least. */
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

/** The length to which the longest of some sizes must be cut so that all fit into a room. */
export function commonLength(sizes: readonly number[], room: number): number {
  let left = room
  for (const [index, bytes] of [...sizes].sort((a, b) => a - b).entries()) {
    const share = Math.floor(left / (sizes.length - index))
    if (bytes > share) return share
    left -= bytes
  }
  return Number.POSITIVE_INFINITY
}

/** A value that takes no more bytes as JSON; a number or a word does not take many. */
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
