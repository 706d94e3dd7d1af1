/** The beginning and end of V8's message about invalid JSON; in between, it quotes the input. */
const TOKEN = 'Unexpected token '
const NOT_JSON = ' is not valid JSON'

/** V8's messages about invalid JSON that name a position and quote nothing. */
const PLACE = /^[A-Z][^"]{0,100} JSON(?: input| at position \d+(?: \(line \d+ column \d+\))?)$/

/** The types of `body-parser` errors whose messages may quote the request. */
const PARSE_FAILED = 'entity.parse.failed'
const UNSUPPORTED: ReadonlySet<unknown> = new Set(['encoding.unsupported', 'charset.unsupported'])

/**
 * Removes from a message or stack what `JSON.parse` quotes of its input, which may be a request body.
 * @param isCut whether the end of the text is missing
 */
export function withoutJson(text: string, isCut: boolean): string {
  const start = text.indexOf(TOKEN)
  if (start === -1) return text
  // The last match, because the quoted input may contain the same words.
  const end = text.lastIndexOf(NOT_JSON)
  if (end < start && !isCut) return text
  const rest = end < start ? '' : text.slice(end + NOT_JSON.length)
  return `${text.slice(0, start)}Unexpected token in JSON${rest}`
}

/**
 * Removes from an error message what it quotes of the request.
 * @param type the `type` of a `body-parser` error
 */
export function withoutRequest(message: string, type: unknown, isCut: boolean): string {
  const safe = withoutJson(message, isCut)
  // Revivers and other parsers may quote anything.
  if (type === PARSE_FAILED && safe === message && !PLACE.test(message)) return 'the body could not be parsed'
  return UNSUPPORTED.has(type) ? (safe.split(' "', 1)[0] ?? '') : safe
}
