const REDACTED = '[redacted]'

/**
 * A query string with every value redacted but those of the allowed keys. A part without `=` could be a bare
 * secret, so it is redacted whole unless it is an allowed key.
 */
export function redactQuery(query: string, allowed: ReadonlySet<string>): string {
  // Decodes all keys at once and never throws; without the "&" it would take a leading "?" off.
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

/** Bytes beyond ASCII, which Node.js hands over as one character each. */
const HIGH_BYTES = /[\x80-\xff]/
const NOT_BYTES = /[^\x00-\xff]/

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Where the path of a target ends: at its query, or at a fragment that a client should not have sent. */
function endOfPath(target: string, semicolon: boolean): number {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code === QUESTION_MARK || code === HASH || (semicolon && code === SEMICOLON)) return i
  }
  return target.length
}

/**
 * The path of a request target as the client asked for it, still percent-encoded, without query, fragment,
 * scheme and authority (which may hold a password). `*` stays `*` and `//x` stays `//x`.
 * @param semicolon whether a query may begin with `;` too
 */
export function pathOf(target: string, semicolon = false): string {
  let path = target.slice(0, endOfPath(target, semicolon))
  if (path.charCodeAt(0) !== SLASH) path = path.replace(ORIGIN, '') || '/'
  return readUtf8(path)
}

/** A longer path is cut: it stands twice in a line, and hostile ones are long. */
const MAX_PATH = 3000

/** The beginning of a path, as long as a line can hold, ending between two characters. */
export function cutPath(path: string): string {
  if (path.length <= MAX_PATH) return path
  const end = (path.codePointAt(MAX_PATH - 1) ?? 0) > 0xffff ? MAX_PATH - 1 : MAX_PATH
  return path.slice(0, end)
}

/** The query of a request target, without its `?`; undefined when there is none. */
export function queryOf(target: string, semicolon = false): string | undefined {
  const start = endOfPath(target, semicolon)
  if (start === target.length || target.charCodeAt(start) === HASH) return undefined
  const end = target.indexOf('#', start)
  const query = readUtf8(target.slice(start + 1, end === -1 ? undefined : end))
  return query === '' ? undefined : query
}

/** Raw UTF-8 in a target arrives as one character a byte; it is shown as the text it was, if it is valid. */
function readUtf8(text: string): string {
  if (!HIGH_BYTES.test(text) || NOT_BYTES.test(text)) return text
  try {
    return utf8.decode(Buffer.from(text, 'latin1'))
  } catch {
    return text
  }
}
