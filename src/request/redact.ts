/** What is written in place of a value that must not be read. */
export const REDACTED = '[redacted]'

/** The keys below a place of the paths to redact; `*` stands for any key. */
interface Place {
  readonly keys: Map<string, Place>
  /** Whether what is there is redacted. */
  isEnd: boolean
}

/** The places of all paths that a value lies at. */
export type Places = readonly Place[]

const NOWHERE: Places = []

/** Stands among the parameters of routes for all of a path; none has this name. */
export const WHOLE_PATH = ''

/** Decides which fields are redacted. */
export interface Redactor {
  /** Where all paths begin. */
  readonly top: Places
  /** Whether keys that name a secret are redacted, wherever they stand. */
  readonly secrets: boolean
  /** What it was made of. */
  readonly paths: readonly string[] | false
  /** The parameters of routes that no path shows; `*` for all, {@link WHOLE_PATH} for the path itself. */
  readonly parameters: ReadonlySet<string>
}

/** One step of a path, in pino's syntax: `.key`, `["key"]`, `[0]`, `*`, `[*]`. */
const STEP = /(?:^|\.)([^.[\]*"'`]+|\*)|\[(\d+|\*)\]|\[(["'`])((?:(?!\3).)+)\3\]/y
const MAX_PATH = 500

/** The keys of a path such as `user.email`; undefined if it is none. */
export function parsePath(path: string): string[] | undefined {
  if (path.length > MAX_PATH) return undefined
  const keys: string[] = []
  STEP.lastIndex = 0
  while (STEP.lastIndex < path.length) {
    const [, key, index, , quoted] = STEP.exec(path) ?? []
    const found = key ?? index ?? quoted
    if (found === undefined) return undefined
    keys.push(found)
  }
  return keys.length === 0 ? undefined : keys
}

/**
 * Makes what decides which fields are redacted.
 * @param paths those of the option; false redacts nothing
 */
export function createRedactor(paths: readonly string[] | false): Redactor {
  const top: Place = { keys: new Map(), isEnd: false }
  const parameters = new Set<string>()
  for (const path of paths || []) {
    const [first, ...rest] = parsePath(path) ?? []
    if (first === undefined) continue
    // Node.js has the names of headers in lower case; `err` is written as `error`.
    const below = first === 'headers' ? rest.map((key) => key.toLowerCase()) : rest
    const firsts = first === 'err' || first === 'error' ? ['err', 'error'] : [first]
    for (const key of firsts) addPath(top, [key, ...below])
    const [parameter = WHOLE_PATH] = rest
    if (first === 'path' && rest.length <= 1) parameters.add(parameter)
  }
  return { top: top.keys.size === 0 ? NOWHERE : [top], secrets: paths !== false, parameters, paths }
}

function addPath(top: Place, keys: readonly string[]): void {
  let place = top
  for (const key of keys) {
    const next = place.keys.get(key) ?? { keys: new Map(), isEnd: false }
    place.keys.set(key, next)
    place = next
  }
  place.isEnd = true
}

/** Makes what redacts more paths beside those that are redacted already. */
export function extendRedactor(redactor: Redactor, paths: readonly string[]): Redactor {
  return { ...createRedactor([...(redactor.paths || []), ...paths]), secrets: redactor.secrets }
}

/** An error of an event without the parts that are redacted; where the route is not known, it may quote the path. */
export function redactFailure<T extends object>(
  failure: T,
  redactor: Redactor,
  route: string | undefined,
): T {
  const quotes = redactor.parameters.size > 0 && route === undefined
  const parts = Object.entries(failure).map(([key, value]): [string, unknown] => {
    const isHidden = isNamed(redactor, ['error', key]) || (quotes && (key === 'message' || key === 'stack'))
    return [key, isHidden ? REDACTED : value]
  })
  return Object.fromEntries(parts) as T
}

/** The places of what stands at a key. */
export function placesBelow(places: Places, key: string): Places {
  if (places.length === 0) return NOWHERE
  return places.flatMap(({ keys }) => [keys.get(key), keys.get('*')].filter((each) => each !== undefined))
}

/** Whether one of the given paths, or what it is below, is redacted by name. */
export function isNamed({ top }: Redactor, path: readonly string[]): boolean {
  let places = top
  return path.some((key) => {
    places = placesBelow(places, key)
    return places.some(({ isEnd }) => isEnd)
  })
}

/** Whether what stands at a key is redacted. */
export function isRedacted({ secrets }: Redactor, key: string, places: Places): boolean {
  return (secrets && isSecret(key)) || places.some(({ isEnd }) => isEnd)
}

const SECRETS: ReadonlySet<string> = new Set([
  'password',
  'passwd',
  'authorization',
  'cookie',
  'token',
  'secret',
  'apikey',
])
/** Longer than the words of any secret. */
const MAX_TAIL = 40
/** Rejects most keys cheaply: what the last word of a secret ends with. */
const ENDING = /(?:passw(?:or)?d|authorization|cookie|token|secret|key)$/i
const ALPHANUMERIC = /[a-z0-9]/i
/** Where a word begins within a key: `accessToken`, `HTTPCookie`. */
const HUMP = /([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])/g

/** Whether the last word of a key, in any case style, names a secret: `accessToken`, `api-key`; not `tokenCount`. */
export function isSecret(key: string): boolean {
  let end = key.length
  while (end > 0 && !ALPHANUMERIC.test(key.charAt(end - 1))) end--
  const tail = key.slice(Math.max(0, end - MAX_TAIL), end)
  if (!ENDING.test(tail)) return false
  const words = tail
    .replace(HUMP, '$1$3 $2$4')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  const [last = '', before = ''] = words.reverse()
  return SECRETS.has(last) || SECRETS.has(before + last)
}

/** A parameter in the pattern of a route: `:id`, `:file(^\\d+).png`, `{*rest}`, `*`. */
const PARAMETER = /[:*]([\w$]*)/g

/**
 * A path without the parameters that must not be shown: `/reset/[redacted]` of `/reset/abc` and `/reset/:token`.
 * @param route the pattern that matched the path; where there is none, or the two can't be laid side by side, nothing of
 *   the path is shown
 */
export function redactPath(
  path: string,
  route: string | undefined,
  parameters: ReadonlySet<string>,
): string | undefined {
  if (parameters.size === 0) return path
  if (parameters.has(WHOLE_PATH)) return REDACTED
  if (route === undefined) return undefined
  const named = (segment: string): string[] =>
    [...segment.matchAll(PARAMETER)].map(([whole, name]) => (name === '' ? whole : (name ?? '')))
  const isHidden = (segment: string): boolean =>
    named(segment).some((name) => parameters.has('*') || parameters.has(name))
  const pattern = route.split('/')
  if (!pattern.some(isHidden)) return path
  const segments = path.split('/')
  const wild = pattern.findIndex((segment) => segment.includes('*'))
  if (wild === -1 && pattern.length !== segments.length) return REDACTED
  if (wild !== -1 && segments.length < wild) return REDACTED
  const shown = segments.map((segment, at) => {
    const part = wild !== -1 && at >= wild ? pattern[wild] : pattern[at]
    return part !== undefined && isHidden(part) ? REDACTED : segment
  })
  return shown.join('/')
}
