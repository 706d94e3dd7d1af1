import { attempt } from '../safely.js'
import type { RequestRecord } from './record.js'
import { REDACTED, redactPath, WHOLE_PATH } from './redact.js'

/**
 * Redacts every value of a query string except those of the allowed keys. A part without `=` may be a bare secret, so it
 * is redacted whole unless it is an allowed key.
 */
export function redactQuery(query: string, allowed: ReadonlySet<string>): string {
  // Decodes all keys and never throws; the "&" keeps it from stripping a leading "?".
  const keys = new URLSearchParams(`&${query}`).keys()
  return query
    .split('&')
    .map((part) => (part === '' || allowed.has(keys.next().value ?? '') ? part : redactPart(part)))
    .join('&')
}

function redactPart(part: string): string {
  const equals = part.indexOf('=')
  return equals === -1 ? REDACTED : `${part.slice(0, equals)}=${REDACTED}`
}

const HASH = 0x23
const SLASH = 0x2f
const SEMICOLON = 0x3b
const QUESTION_MARK = 0x3f

/** The scheme and authority of an absolute-form request target (RFC 9112, section 3.2.2). */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i

/** Bytes beyond ASCII, which Node.js gives as one character each. */
const HIGH_BYTES = /[\x80-\xff]/
const NOT_BYTES = /[^\x00-\xff]/

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Returns where the path of a target ends: at the query, or at a fragment, which clients should not send. */
function endOfPath(target: string, semicolon: boolean): number {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code === QUESTION_MARK || code === HASH || (semicolon && code === SEMICOLON)) return i
  }
  return target.length
}

/**
 * Returns the path of a request target as the client sent it, still percent-encoded, without query, fragment, scheme and
 * authority (which may hold a password). `*` stays `*` and `//x` stays `//x`.
 * @param semicolon whether a query may begin with `;` too
 */
export function pathOf(target: string, semicolon = false): string {
  let path = target.slice(0, endOfPath(target, semicolon))
  if (path.charCodeAt(0) !== SLASH) path = path.replace(ORIGIN, '') || '/'
  return readUtf8(path)
}

/** A longer path is cut, because it stands twice in a line. */
const MAX_PATH = 3000

/** Cuts a path to what a line can hold, at a character boundary. */
export function cutPath(path: string): string {
  if (path.length <= MAX_PATH) return path
  const end = (path.codePointAt(MAX_PATH - 1) ?? 0) > 0xffff ? MAX_PATH - 1 : MAX_PATH
  return path.slice(0, end)
}

/**
 * Sets the path of a record, with its route parameters redacted.
 * @param isOpen whether the route may still be found; until then, a path that may hold redacted parameters is not shown
 */
export function showPath(record: RequestRecord, semicolon: boolean, isOpen = false): void {
  if (record.raw === undefined) return
  const { parameters } = record.keeper.redactor
  const whole = pathOf(record.target, semicolon)
  const waits = isOpen && !parameters.has(WHOLE_PATH)
  const shown = waits ? undefined : redactPath(whole, record.route, parameters)
  record.path = shown === undefined ? undefined : cutPath(shown)
  record.pathCut = record.path !== shown
}

/** Returns the query of a request target, without its `?`; undefined if there is none. */
export function queryOf(target: string, semicolon = false): string | undefined {
  const start = endOfPath(target, semicolon)
  if (start === target.length || target.charCodeAt(start) === HASH) return undefined
  const end = target.indexOf('#', start)
  const query = readUtf8(target.slice(start + 1, end === -1 ? undefined : end))
  return query === '' ? undefined : query
}

/** Decodes raw UTF-8 in a target, which arrives as one character per byte; invalid UTF-8 stays as it is. */
function readUtf8(text: string): string {
  if (!HIGH_BYTES.test(text) || NOT_BYTES.test(text)) return text
  try {
    return utf8.decode(Buffer.from(text, 'latin1'))
  } catch {
    return text
  }
}

/** The parameters that a router found in a path; in Express 5, a wildcard's value is an array of segments. */
export type Params = Readonly<Record<string, unknown>>

/** The key of a parameter without a name: a group of a regular expression. */
const UNNAMED = /^\d+$/
const SEPARATOR = '/'
const ENCODED_SLASH = '%2F'

/**
 * Reconstructs the pattern of a mounted router from the path that it matched and its parameters: `/v1/acme` and
 * `{ org: 'acme' }` give `/v1/:org`. For routers that don't tell what they are mounted under.
 * @param sensitive whether routing is case-sensitive; if not, the result is lower case, because the client chose the case
 */
export function mountPattern(matched: string, params: Params, sensitive: boolean): string {
  let rest = matched.split(SEPARATOR).map(decodeSegment).join(SEPARATOR)
  let pattern = ''
  // From the end, because literal text before a parameter may equal its value.
  for (const [name, value] of Object.entries(params).reverse()) {
    const found = lastPlace(rest, value)
    if (found === undefined) continue
    pattern = nameOf(name, value) + literal(rest.slice(found.end), sensitive) + pattern
    rest = rest.slice(0, found.start)
  }
  return literal(rest, sensitive) + pattern
}

/** Decodes a segment as routers do, because a client can encode a character in several ways. */
function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  return attempt(() => decodeURIComponent(segment), segment).replaceAll(SEPARATOR, ENCODED_SLASH)
}

function nameOf(name: string, value: unknown): string {
  if (UNNAMED.test(name)) return '*'
  return `${Array.isArray(value) ? '*' : ':'}${name}`
}

function literal(text: string, sensitive: boolean): string {
  return sensitive ? text : text.toLowerCase()
}

interface Place {
  readonly start: number
  readonly end: number
}

/** Finds the last place of a value in a path, whole segments before parts of one. */
function lastPlace(path: string, value: unknown): Place | undefined {
  const text = Array.isArray(value) ? value.join(SEPARATOR) : value
  if (typeof text !== 'string' || text === '') return undefined
  let within: Place | undefined
  for (const each of new Set([text, text.replaceAll(SEPARATOR, ENCODED_SLASH)])) {
    const end = path.length
    const atEnd = path.endsWith(each) ? { start: end - each.length, end } : undefined
    // The usual case.
    if (atEnd !== undefined && isWhole(path, atEnd)) return atEnd
    const places = lastPlaces(path, each)
    if (places.whole !== undefined) return places.whole
    within ??= places.within
  }
  return within
}

/** Whether a place covers whole segments. */
function isWhole(path: string, { start, end }: Place): boolean {
  return path[start - 1] === SEPARATOR && (end === path.length || path[end] === SEPARATOR)
}

/**
 * Finds the last places of a text in a path in linear time, by the algorithm of Knuth, Morris and Pratt, because a client
 * may send a path in which it occurs at every character.
 */
function lastPlaces(path: string, text: string): { whole: Place | undefined; within: Place | undefined } {
  const borders = bordersOf(text)
  let whole: Place | undefined
  let within: Place | undefined
  let matched = 0
  for (let at = 0; at < path.length; at++) {
    while (matched > 0 && (matched === text.length || path.charCodeAt(at) !== text.charCodeAt(matched)))
      matched = borders[matched - 1] ?? 0
    if (path.charCodeAt(at) === text.charCodeAt(matched)) matched++
    if (matched < text.length) continue
    within = { start: at + 1 - text.length, end: at + 1 }
    if (isWhole(path, within)) whole = within
  }
  return { whole, within }
}

/** Returns, for each prefix of a text, the length of its longest proper prefix that is also its suffix. */
function bordersOf(text: string): Uint32Array {
  const borders = new Uint32Array(text.length)
  let length = 0
  for (let at = 1; at < text.length; at++) {
    while (length > 0 && text.charCodeAt(at) !== text.charCodeAt(length)) length = borders[length - 1] ?? 0
    if (text.charCodeAt(at) === text.charCodeAt(length)) length++
    borders[at] = length
  }
  return borders
}
