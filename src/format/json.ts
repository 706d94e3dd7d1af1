/** Texts that stand between quotes as they are: printable ASCII without quote and backslash. */
export const PLAIN = /^[ !#-[\]-~]*$/

/**
 * What JSON allows raw but readers of lines stumble over: DEL and C1 controls (journald stores such a line as a
 * blob, terminals obey it), the line separators, U+FFFF.
 */
const UNSAFE = /[\x7f-\x9f\u2028\u2029\uffff]/g
const UNSAFE_OR_LONE = /[\x7f-\x9f\u2028\u2029\uffff]|\p{Surrogate}/u
const LONE_SURROGATE = /\p{Surrogate}/gu

/**
 * Half a character and U+0000, as `JSON.stringify` escapes them. The one is no JSON for jq and others (RFC 8259, section
 * 8.2), the other none for PostgreSQL, and ends a text for readers that are written in C.
 */
const UNREADABLE_ESCAPE = /\\u(?:d[89a-f]|0000)/
const ESCAPE = /\\(?:u(d[89a-f]..|0000)?|.)/g
const REPLACEMENT = '\\ufffd'

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Escapes, inside finished JSON, what is only allowed there within texts, and replaces what some can't read. */
function escapeJson(json: string): string {
  const whole = UNREADABLE_ESCAPE.test(json) ? json.replace(ESCAPE, replaceUnreadable) : json
  if (!UNSAFE_OR_LONE.test(whole)) return whole
  return whole.replace(UNSAFE, escapeCharacter).replace(LONE_SURROGATE, REPLACEMENT)
}

/** Takes every escape, so that the second backslash of an escaped one is not taken for the first of another. */
function replaceUnreadable(text: string, unreadable: string | undefined): string {
  return unreadable === undefined ? text : REPLACEMENT
}

/** A text as JSON (RFC 8259) that no reader of lines stumbles over. */
export function encodeText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : escapeJson(JSON.stringify(text))
}

/** A value as JSON that no reader of lines stumbles over. */
export function encodeValue(value: unknown): string {
  return escapeJson(JSON.stringify(value))
}

/** Percent-encodes what {@link escapeJson} escapes, for JSON that is written by others. */
export function percentEncode(text: string): string {
  return UNSAFE_OR_LONE.test(text) ? text.toWellFormed().replace(UNSAFE, encodeURIComponent) : text
}

/** A value with all its texts, keys among them, made into others. */
export function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, map))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [map(key), mapTexts(each, map)]))
}

/** How far a text fits into a number of bytes as JSON: where it ends, between two characters, and what it takes. */
export function measureText(
  text: string,
  maxBytes = Number.POSITIVE_INFINITY,
): { end: number; bytes: number } {
  let bytes = 0
  let end = 0
  while (end < text.length) {
    const code = text.codePointAt(end) ?? 0
    const cost = bytesOf(code)
    if (bytes + cost > maxBytes) break
    bytes += cost
    end += code > 0xffff ? 2 : 1
  }
  return { end, bytes }
}

/** What {@link encodeText} makes of one character, in bytes; arithmetic, since hostile lines are long. */
function bytesOf(code: number): number {
  if (code < 0x20) return code >= 8 && code <= 13 && code !== 11 ? 2 : 6
  if (code < 0x7f) return code === 0x22 || code === 0x5c ? 2 : 1
  if (code < 0xa0) return 6
  if (code < 0x800) return 2
  if (code > 0xffff) return 4
  const escaped = (code >= 0xd800 && code <= 0xdfff) || code === 0x2028 || code === 0x2029 || code === 0xffff
  return escaped ? 6 : 3
}

/** How a line is written, whatever it holds. */
export interface Syntax {
  /** What a line begins and ends with, without its newline. */
  readonly open: string
  readonly close: string
  /** The name of the field at a path. */
  name(path: readonly string[]): string
  /** What stands before the value of a field, with a separator of one character, which the first field of a line drops. */
  key(name: string): string
  value(value: unknown): string
  /** Makes what writes the field of a key: the key and a value. */
  field(key: string): (value: unknown) => string
  /** Whether an object may hold others; where not, their keys are joined. */
  readonly nests: boolean
}

/** JSON (RFC 8259). */
export const json: Syntax = {
  open: '{',
  close: '}',
  name: (path) => path.at(-1) ?? '',
  key: (name) => `,${encodeText(name)}:`,
  value: (value) => {
    if (typeof value === 'string') return encodeText(value)
    return typeof value === 'object' ? encodeValue(value) : String(value)
  },
  field: (key) => {
    const open = `${key}"`
    return (value) =>
      // biome-ignore lint/style/useTemplate: a template calls ToString for each part.
      typeof value === 'string' && PLAIN.test(value) ? open + value + '"' : key + json.value(value)
  },
  nests: true,
}

/** JSON that pino could have written, of texts that were percent-encoded before. */
export const percentJson: Syntax = {
  ...json,
  value: (value) => {
    if (typeof value === 'string') return percentText(value)
    if (typeof value === 'object') return percentValue(value)
    return typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value)
  },
  field: (key) => {
    const open = `${key}"`
    return (value) =>
      typeof value === 'string' && PLAIN.test(value) ? `${open}${value}"` : key + percentJson.value(value)
  },
}

/** A text as {@link percentJson} writes it. */
export function percentText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(percentEncode(text))
}

function percentValue(value: object | null): string {
  const text = JSON.stringify(value)
  const isSafe = !UNSAFE_OR_LONE.test(text) && !UNREADABLE_ESCAPE.test(text)
  return isSafe ? text : JSON.stringify(mapTexts(value, percentEncode))
}

/** Texts that stand in logfmt without quotes; not a time, behind which lnav 0.11 would not look for the level. */
const BARE = /^(?!\d{4}-\d\d-\d\dT)[!#-<>-[\]-~]+$/
/** What a key of logfmt may not hold. */
const NO_KEY = /[^!#-<>-~]/g

/** logfmt: `key=value`, texts in quotes where they need it, escaped there as in JSON. */
export const logfmt: Syntax = {
  open: '',
  close: '',
  name: (path) => path.join('.').replace(NO_KEY, '_') || '_',
  key: (name) => ` ${name}=`,
  value: (value) => {
    if (typeof value === 'string') return BARE.test(value) ? value : encodeText(value)
    return typeof value === 'object' && value !== null ? encodeText(encodeValue(value)) : String(value)
  },
  field: (key) => (value) => key + logfmt.value(value),
  nests: false,
}
