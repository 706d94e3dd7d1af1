/** Strings that JSON does not escape: printable ASCII without quote and backslash. */
export const PLAIN = /^[ !#-[\]-~]*$/

/**
 * Characters that JSON allows raw but readers of lines mishandle: DEL and C1 controls (journald stores such a line as a
 * blob, terminals obey them), the line separators, U+FFFF.
 */
const UNSAFE = /[\x7f-\x9f\u2028\u2029\uffff]/g
const UNSAFE_OR_LONE = /[\x7f-\x9f\u2028\u2029\uffff]|\p{Surrogate}/u
const LONE_SURROGATE = /\p{Surrogate}/gu

/**
 * Lone surrogates and U+0000, as `JSON.stringify` escapes them. jq and others reject the former (RFC 8259, section 8.2);
 * PostgreSQL rejects the latter, and readers written in C end a string there.
 */
const UNREADABLE_ESCAPE = /\\u(?:d[89a-f]|0000)/
const ESCAPE = /\\(?:u(d[89a-f]..|0000)?|.)/g
const REPLACEMENT = '\\ufffd'

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Escapes or replaces what readers mishandle, in finished JSON, where such characters stand only within strings. */
function escapeJson(json: string): string {
  const whole = UNREADABLE_ESCAPE.test(json) ? json.replace(ESCAPE, replaceUnreadable) : json
  if (!UNSAFE_OR_LONE.test(whole)) return whole
  return whole.replace(UNSAFE, escapeCharacter).replace(LONE_SURROGATE, REPLACEMENT)
}

/** Gets every escape, so that the second backslash of `\\` does not count as the first of another escape. */
function replaceUnreadable(text: string, unreadable: string | undefined): string {
  return unreadable === undefined ? text : REPLACEMENT
}

/** Encodes a string as JSON (RFC 8259) that all readers of lines can read. */
export function encodeText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : escapeJson(JSON.stringify(text))
}

/** Encodes a value as JSON that all readers of lines can read. */
export function encodeValue(value: unknown): string {
  return escapeJson(JSON.stringify(value))
}

/** Percent-encodes what {@link escapeJson} escapes, for JSON that another logger writes. */
export function percentEncode(text: string): string {
  return UNSAFE_OR_LONE.test(text) ? text.toWellFormed().replace(UNSAFE, encodeURIComponent) : text
}

/** Maps all strings of a value, including keys. */
export function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, map))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [map(key), mapTexts(each, map)]))
}

/** Measures how much of a text fits into some bytes as JSON: where to cut it, at a character boundary, and its size. */
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

/** The size of one character as {@link encodeText} writes it; computed, because encoding hostile lines is slow. */
function bytesOf(code: number): number {
  if (code < 0x20) return code >= 8 && code <= 13 && code !== 11 ? 2 : 6
  if (code < 0x7f) return code === 0x22 || code === 0x5c ? 2 : 1
  if (code < 0xa0) return 6
  if (code < 0x800) return 2
  if (code > 0xffff) return 4
  const escaped = (code >= 0xd800 && code <= 0xdfff) || code === 0x2028 || code === 0x2029 || code === 0xffff
  return escaped ? 6 : 3
}

/** The thousandths of a number, with their point: empty for none, `.5` for 500. */
const FRACTIONS = Array.from({ length: 1000 }, (_, thousandths) => String(thousandths / 1000).slice(1))
const MAX_QUICK = 1e6

/** Returns `String(number)`, in less time for the durations of requests, which have three decimals. */
export function numberText(number: number): string {
  if (!(number >= 0 && number < MAX_QUICK)) return String(number)
  const thousandths = Math.round(number * 1000)
  const whole = Math.floor(thousandths / 1000)
  if (thousandths / 1000 !== number) return String(number)
  return `${whole}${FRACTIONS[thousandths - whole * 1000]}`
}

/** The syntax of lines. */
export interface Syntax {
  /** The beginning and end of a line, without its newline. */
  readonly open: string
  readonly close: string
  /** The name of the field at a path. */
  name(path: readonly string[]): string
  /** Writes what precedes a value, after a separator of one character, which the first field of a line drops. */
  key(name: string): string
  value(value: unknown): string
  /** Returns a function that writes a field: the given key, as `key()` returns it, and a value. */
  field(key: string): (value: unknown) => string
  /** Whether objects can nest; if not, their keys are joined. */
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
    if (typeof value === 'number') return numberText(value)
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

/** JSON as pino writes it, of percent-encoded strings. */
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

/** Encodes a string for {@link percentJson}. */
export function percentText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(percentEncode(text))
}

function percentValue(value: object | null): string {
  const text = JSON.stringify(value)
  const isSafe = !UNSAFE_OR_LONE.test(text) && !UNREADABLE_ESCAPE.test(text)
  return isSafe ? text : JSON.stringify(mapTexts(value, percentEncode))
}
