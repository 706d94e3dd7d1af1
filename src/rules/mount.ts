import { attempt } from './attempt.js'

/** The parameters that a router found in a path; Express 5 gives what a wildcard matched as an array of its segments. */
export type Params = Readonly<Record<string, unknown>>

/** A parameter without a name, as a group of a regular expression has it. */
const UNNAMED = /^\d+$/
const SLASH = '/'
const ENCODED_SLASH = '%2F'

/**
 * The pattern of a mounted router, from the part of a path that it matched and the parameters that were found there:
 * of `/v1/acme` and `{ org: 'acme' }` it is `/v1/:org`. For routers that don't say what they are mounted under.
 * @param sensitive whether letters that differ in case differ; else all are lower case, since the client chose them
 */
export function mountPattern(matched: string, params: Params, sensitive: boolean): string {
  let rest = matched.split(SLASH).map(decodeSegment).join(SLASH)
  let pattern = ''
  // From the end: what is a parameter stands behind what is not.
  for (const [name, value] of Object.entries(params).reverse()) {
    const found = lastPlace(rest, value)
    if (found === undefined) continue
    pattern = nameOf(name, value) + literal(rest.slice(found.end), sensitive) + pattern
    rest = rest.slice(0, found.start)
  }
  return literal(rest, sensitive) + pattern
}

/** A segment as routers see it; a client can encode a character in several ways. */
function decodeSegment(segment: string): string {
  return attempt(() => decodeURIComponent(segment), segment).replaceAll(SLASH, ENCODED_SLASH)
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

/** Where a value stands last in a path, rather as whole segments than within one. */
function lastPlace(path: string, value: unknown): Place | undefined {
  const text = Array.isArray(value) ? value.join(SLASH) : value
  if (typeof text !== 'string' || text === '') return undefined
  let within: Place | undefined
  for (const each of [text, text.replaceAll(SLASH, ENCODED_SLASH)]) {
    for (let start = path.lastIndexOf(each); start !== -1; start = path.lastIndexOf(each, start - 1)) {
      const end = start + each.length
      if (path[start - 1] === SLASH && (end === path.length || path[end] === SLASH)) return { start, end }
      within ??= { start, end }
      if (start === 0) break
    }
  }
  return within
}
