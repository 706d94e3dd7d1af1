/** Replaces a redacted value. */
export const REDACTED = '[redacted]'

/** A node in the tree of redacted paths; the key `*` stands for any. */
interface Place {
  readonly keys: Map<string, Place>
  /** Whether the value here is redacted. */
  isEnd: boolean
}

/** The nodes of all redacted paths that lead to a value. */
export type Places = readonly Place[]

const NOWHERE: Places = []

/** Stands for the whole path among route parameters; no parameter has this name. */
export const WHOLE_PATH = ''

/** Decides which fields are redacted. */
export interface Redactor {
  /** The root of all paths. */
  readonly top: Places
  /** Whether keys that name a secret are redacted, at any depth. */
  readonly secrets: boolean
  /** The paths that it was created from. */
  readonly paths: readonly string[] | false
  /** The route parameters that are redacted in paths; `*` for all, {@link WHOLE_PATH} for the whole path. */
  readonly parameters: ReadonlySet<string>
}

/** One step of a path, in pino's syntax: `.key`, `["key"]`, `[0]`, `*`, `[*]`. */
const STEP = /(?:^|\.)([^.[\]*"'`]+|\*)|\[(\d+|\*)\]|\[(["'`])((?:(?!\3).)+)\3\]/y
const MAX_PATH = 500

/** Parses a path such as `user.email` into its keys; returns undefined if it is invalid. */
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
 * Creates a redactor.
 * @param paths the option `redact`; false redacts nothing
 */
export function createRedactor(paths: readonly string[] | false): Redactor {
  const top: Place = { keys: new Map(), isEnd: false }
  const parameters = new Set<string>()
  for (const path of paths || []) {
    const [first, ...rest] = parsePath(path) ?? []
    if (first === undefined) continue
    // Node.js gives header names in lower case; `err` is written as `error`.
    const below = first === 'headers' || first === 'response' ? rest.map((key) => key.toLowerCase()) : rest
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

/** Creates a redactor with more paths. */
export function extendRedactor(redactor: Redactor, paths: readonly string[]): Redactor {
  return { ...createRedactor([...(redactor.paths || []), ...paths]), secrets: redactor.secrets }
}

/** Redacts an event's error; without a route, also its message and stack, because they may quote a redacted path. */
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

/** Returns the places one key deeper. */
export function placesBelow(places: Places, key: string): Places {
  if (places.length === 0) return NOWHERE
  return places.flatMap(({ keys }) => [keys.get(key), keys.get('*')].filter((each) => each !== undefined))
}

/** Whether a path, or one that it lies below, is redacted by name. */
export function isNamed({ top }: Redactor, path: readonly string[]): boolean {
  let places = top
  return path.some((key) => {
    places = placesBelow(places, key)
    return places.some(({ isEnd }) => isEnd)
  })
}

/** Whether the value at a key is redacted. */
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
/** Rejects most keys cheaply, by the endings of all secrets. */
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
 * Redacts the parameters in a path: `/reset/abc` with the route `/reset/:token` becomes `/reset/[redacted]`.
 * @param route the pattern that matched; without one the result is undefined, and if the two don't align, the whole path is
 *   redacted
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
