import { matchedKey } from './express-insides.js'
import { mountPattern, type Params } from './rules/mount.js'

/** What Express adds to requests that says which way they took. */
export interface RoutedRequest {
  /** The app that has it now, and the prototype of the requests of that app. */
  readonly app: { readonly request: object; enabled(setting: string): boolean }
  baseUrl?: string | undefined
  params?: Params | undefined
  route?: { readonly path: unknown } | undefined
}

const WAY = Symbol('waybill.way')
type Marked = RoutedRequest & { [WAY]?: Way }

/** A router that a request has come into. */
interface Mount {
  /** What of the path it and those before it have taken, and the pattern of that. */
  readonly url: string
  readonly pattern: string
}

const ROOT: Mount = { url: '', pattern: '' }

/** The way of a request through the routers of an app: what they set on it passes through here. */
export class Way {
  baseUrl: string | undefined
  params: Params | undefined
  route: RoutedRequest['route']
  /** The pattern that a router has matched, if it says so. */
  matched: unknown

  #mounts: Mount[] = []
  /** That pattern, until it is known of which layer it is. */
  #fresh: unknown
  /** The pattern of the latest layer, which may be a router. */
  #latest: unknown
  #isNewRoute = false
  #pattern: string | undefined
  /** Whether the route was followed by something else. */
  #passed = false

  // A router sets the route, if there is one, then what was matched, then its parameters and, of a router, the base.

  enterRoute(route: RoutedRequest['route']): void {
    // A route that dispatches a request says so again.
    if (route === this.route && !this.#passed) return
    this.route = route
    this.#isNewRoute = route !== undefined
  }

  match(pattern: unknown): void {
    this.matched = pattern
    this.#fresh = pattern
  }

  enterLayer(params: Params | undefined): void {
    this.params = params
    this.#latest = this.#fresh
    this.#fresh = undefined
    this.#passed = !this.#isNewRoute
    if (!this.#isNewRoute) return
    this.#isNewRoute = false
    this.#pattern = joinPatterns(this.#mount.pattern, patternOf(this.#latest ?? this.route?.path))
  }

  enterMount(url: string | undefined, { app }: RoutedRequest): void {
    this.baseUrl = url
    while (this.#mounts.length > 0 && !isWithin(url, this.#mount.url)) this.#mounts.pop()
    const { url: outer, pattern } = this.#mount
    if (url === undefined || url.length <= outer.length) return
    const own = this.#latest ?? mountPattern(url.slice(outer.length), this.params ?? {}, isSensitive(app))
    this.#mounts.push({ url, pattern: joinPatterns(pattern, patternOf(own)) })
  }

  /** The full pattern of the route that has answered. */
  answeredBy(status: number | undefined, failed: boolean): string | undefined {
    // An error that nobody told of is what takes a request from its route to an answer of 500.
    const isUnanswered = this.#passed && !failed && (status === undefined || status < 400 || status === 404)
    return isUnanswered ? undefined : this.#pattern
  }

  get #mount(): Mount {
    return this.#mounts.at(-1) ?? ROOT
  }
}

function isWithin(url: string | undefined, outer: string): boolean {
  return url !== undefined && (url === outer || url.startsWith(`${outer}/`))
}

/** A pattern as it is shown: a list of them, of which it is not known which one matched, as alternatives. */
function patternOf(path: unknown): string {
  return Array.isArray(path) ? path.map(String).join('|') : String(path)
}

function joinPatterns(outer: string, inner: string): string {
  const base = outer.endsWith('/') ? outer.slice(0, -1) : outer
  return base !== '' && inner === '/' ? base : base + inner
}

/** The prototypes whose requests are followed. */
const observed = new WeakSet<object>()

/** Follows a request of Express from here on; what routers have set on it before is taken over. */
export function followRoutes(request: RoutedRequest): Way {
  const prototype = requestPrototype(request.app)
  if (!observed.has(prototype)) {
    observed.add(prototype)
    observeRoutes(prototype, matchedKey(request))
  }
  for (const key of ['params', 'baseUrl'] as const) takeOver(request, key)
  return wayOf(request)
}

/** What Express calls `express.request`, for everybody to extend: apps that are mounted in others share it. */
function requestPrototype({ request }: RoutedRequest['app']): object {
  let prototype = request
  while (Object.hasOwn(prototype, 'app')) prototype = Object.getPrototypeOf(prototype) as object
  return prototype
}

function isSensitive(app: RoutedRequest['app']): boolean {
  return app.enabled('case sensitive routing')
}

/** Has a property that was set on a request itself set again, now that its prototype observes it. */
function takeOver(request: RoutedRequest, key: 'params' | 'baseUrl'): void {
  if (!Object.hasOwn(request, key)) return
  const value = request[key]
  delete request[key]
  Object.assign(request, { [key]: value })
}

function wayOf(request: Marked): Way {
  request[WAY] ??= new Way()
  return request[WAY]
}

/** Observes what routers set on requests, which read as before. */
function observeRoutes(prototype: object, matched: symbol | undefined): void {
  function observe<T>(
    key: PropertyKey,
    read: (way: Way) => T,
    write: (way: Way, value: T, request: RoutedRequest) => void,
  ): void {
    Object.defineProperty(prototype, key, {
      configurable: true,
      enumerable: true,
      get(this: Marked): T | undefined {
        return this[WAY] && read(this[WAY])
      },
      set(this: Marked, value: T) {
        write(wayOf(this), value, this)
      },
    })
  }
  observe(
    'route',
    (way) => way.route,
    (way, route) => way.enterRoute(route),
  )
  observe(
    'params',
    (way) => way.params,
    (way, params) => way.enterLayer(params),
  )
  observe(
    'baseUrl',
    (way) => way.baseUrl,
    (way, url, request) => way.enterMount(url, request),
  )
  if (matched === undefined) return
  observe(
    matched,
    (way) => way.matched,
    (way, pattern) => way.match(pattern),
  )
}
