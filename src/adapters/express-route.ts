import { setHidden } from '../http/hidden.js'
import { attempt } from '../safely.js'
import {
  type Layer,
  observeLayers,
  patternOfMount,
  patternOfRoute,
  type RoutedRequest,
} from './express-internals.js'

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

const WAY = Symbol('waybill.way')
type Marked = RoutedRequest & { [WAY]?: Way }

/** A router that a request has come into. */
interface Mount {
  /** What of the path it and those before it have taken, and the pattern of that. */
  readonly url: string
  readonly pattern: string
}

/** RFC 9110, section 15.5.5. */
const NOT_FOUND = 404

const ROOT: Mount = { url: '', pattern: '' }

/** The way of a request through the routers of an app. */
export class Way {
  readonly #request: RoutedRequest
  readonly #mounts: Mount[] = []
  #pattern: string | undefined
  /** The route that it came to last. */
  #route: RoutedRequest['route']
  /** Whether the route was followed by something else. */
  #passed = false

  constructor(request: RoutedRequest) {
    this.#request = request
  }

  /** Comes to a step of a router. */
  enter(layer: Layer): void {
    const { baseUrl = '', res } = this.#request
    // Who comes after the answer has not given it.
    if (res?.headersSent) return
    if (layer.route === undefined) this.#noteRefused()
    while (this.#mounts.length > 0 && !isWithin(baseUrl, this.#mount.url)) this.#mounts.pop()
    const { url, pattern } = this.#mount
    if (baseUrl.length > url.length) {
      const own = patternOfMount(layer, baseUrl.slice(url.length), this.#request)
      this.#mounts.push({ url: baseUrl, pattern: joinPatterns(pattern, own) })
    }
    this.#passed = layer.route === undefined
    if (!this.#passed) {
      this.#route = layer.route
      this.#pattern = joinPatterns(this.#mount.pattern, patternOfRoute(layer, this.#request))
    }
  }

  /** Notes a route that was found but not come to: `app.param` refused a parameter. */
  #noteRefused(): void {
    const { route } = this.#request
    if (route === undefined || route === this.#route) return
    this.#route = route
    this.#pattern = joinPatterns(this.#mount.pattern, patternOfRoute({ route }, this.#request))
  }

  /** The full pattern of the route that has answered. */
  answeredBy(status: number | undefined, failed: boolean): string | undefined {
    // Where no middleware for errors stands behind the route, Express answers itself.
    if (status !== undefined && status >= 400) this.#noteRefused()
    if (failed) return this.#pattern
    // What Express answers when no router has anything left.
    if (status === NOT_FOUND && (this.#passed || this.#request.next === undefined)) return undefined
    // An error that nobody told of is what takes a request from its route to another answer from 400 on.
    return this.#passed && (status ?? 0) < 400 ? undefined : this.#pattern
  }

  get #mount(): Mount {
    return this.#mounts.at(-1) ?? ROOT
  }
}

function isWithin(url: string, outer: string): boolean {
  return url === outer || url.startsWith(`${outer}/`)
}

function joinPatterns(outer: string, inner: string): string {
  const base = outer.endsWith('/') ? outer.slice(0, -1) : outer
  return base !== '' && inner === '/' ? base : base + inner
}

function enterLayer(layer: Layer, request: Marked): void {
  request[WAY]?.enter(layer)
}

/** Follows a request of Express from here on; undefined where its Express can't be observed. */
export function followRoutes(request: RoutedRequest): Way | undefined {
  if (!observeLayers(request.app, enterLayer)) return undefined
  const way = new Way(request)
  setHidden(request, WAY, way)
  return way
}
