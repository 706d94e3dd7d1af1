/** How V8 begins and ends what it says of JSON that can't be parsed; between them it quotes what it could not parse. */
const TOKEN = 'Unexpected token '
const NOT_JSON = ' is not valid JSON'

/** What V8 says of JSON without quoting it, with a place in it. */
const PLACE = /^[A-Z][^"]{0,100} JSON(?: input| at position \d+(?: \(line \d+ column \d+\))?)$/

/** The types of the errors of `body-parser` whose messages may quote what a client sent. */
const PARSE_FAILED = 'entity.parse.failed'
const UNSUPPORTED: ReadonlySet<unknown> = new Set(['encoding.unsupported', 'charset.unsupported'])

/**
 * A message, or a stack, without what `JSON.parse` quotes of its input, which may be the body of a request.
 * @param isCut whether the end of the text is missing
 */
export function withoutJson(text: string, isCut: boolean): string {
  const start = text.indexOf(TOKEN)
  if (start === -1) return text
  // The last place: what is quoted may say the same.
  const end = text.lastIndexOf(NOT_JSON)
  if (end < start && !isCut) return text
  const rest = end < start ? '' : text.slice(end + NOT_JSON.length)
  return `${text.slice(0, start)}Unexpected token in JSON${rest}`
}

/**
 * The message of an error without what it quotes of a request.
 * @param type what errors of `body-parser` say of their kind
 */
export function withoutRequest(message: string, type: unknown, isCut: boolean): string {
  const safe = withoutJson(message, isCut)
  // Functions that revive values, and other parsers, may quote anything.
  if (type === PARSE_FAILED && safe === message && !PLACE.test(message)) return 'the body could not be parsed'
  return UNSUPPORTED.has(type) ? (safe.split(' "', 1)[0] ?? '') : safe
}
