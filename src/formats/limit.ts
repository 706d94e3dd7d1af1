import { encodeText, encodeValue, measureText } from './text.js'

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

/** Where and how a record says that it was cut. */
export interface CutMark {
  readonly key: string
  readonly value: unknown
}

const TRUNCATED: CutMark = { key: 'truncated', value: true }

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
  const others = Object.entries(record).filter(([key]) => key !== mark?.key)
  const marked: [string, unknown][] = mark === null ? [] : [[mark.key, mark.value]]
  const room = maxBytes - byteLength(Object.fromEntries(marked))
  const parts = partsOf(Object.fromEntries(others), room, keep)
  return Object.fromEntries([...parts.map(({ key, value }): [string, unknown] => [key, value]), ...marked])
}

/** Whether a line, with its newline, is no longer than it may be. */
export function fits(line: string, maxBytes: number): boolean {
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  return line.length * 3 <= maxBytes || Buffer.byteLength(line) <= maxBytes
}

/** Makes a finished line of JSON fit, as {@link fitRecord} does; a line that fits is returned as it is. */
export function fitLine(line: string, maxBytes: number, keep: ReadonlySet<string>): string {
  if (fits(line, maxBytes)) return line
  return `${encodeValue(fitRecord(JSON.parse(line), maxBytes - 1, keep))}\n`
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
