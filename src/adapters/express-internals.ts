import { recordOf } from '../http/carrier.js'
import type { RawRequest, RequestLogger } from '../options.js'
import { type CaptureSource, sourceOf, targetOf } from '../request/details.js'
import type { FrameworkRequest } from '../request/record.js'
import { mountPattern, type Params } from '../request/url.js'
import { safely } from '../safely.js'

// The one file that touches what Express does not document. Seen in Express 4.21 to 4.22, and in router 2.0 to 2.3, which
// Express 5 uses. A layer is a step of a router: a middleware, a mounted router, a route, or a handler of a route.

/** What Express adds to requests that says which way they take. */
export interface RoutedRequest {
  readonly app: ExpressApp
  readonly res?: { readonly headersSent: boolean }
  readonly baseUrl?: string
  readonly params?: Params
  readonly route?: { readonly path: unknown }
  /** What a router goes on with; restored when the outermost one has nothing left. */
  readonly next?: unknown
}

interface ExpressApp {
  enabled(setting: string): boolean
  /** The prototype of the requests of an app, for apps to extend; that of a mounted app inherits from its parent's. */
  readonly request?: object
  readonly parent?: ExpressApp
  /** Express 4, where `router` throws. */
  readonly _router?: Router
  readonly router?: Router
}

interface Router {
  readonly stack?: readonly Layer[]
}

/** A step of a router. */
interface Layer {
  readonly route?: RoutedRequest['route']
  /** A middleware, or a mounted router or app. */
  readonly handle?: Handler
  /** What it was declared with, since router 2.3. */
  readonly rawPath?: unknown
  /** Express 4. */
  readonly regexp?: RegExp
  readonly keys?: readonly (string | { readonly name: string | number })[]
}

/** A mounted router holds its own layers, an app those of its router. */
type Handler = ((...args: never[]) => unknown) & Router & { readonly enabled?: unknown }

type Handle = (this: Layer, ...args: unknown[]) => unknown

/** What is called with a request, and with an error before it. */
const HANDLERS = { handle_request: 0, handleRequest: 0, handle_error: 1, handleError: 1 } as const

const observed = new WeakSet<object>()

/**
 * Observes which steps of its routers a request of an app comes to; once for each copy of Express.
 * @returns false if this Express is another one than has been seen
 */
function observeLayers(app: ExpressApp, enter: (layer: Layer, request: RoutedRequest) => void): boolean {
  const [first] = (app._router ?? app.router)?.stack ?? []
  if (first === undefined) return false
  const prototype = Object.getPrototypeOf(first) as Record<string, Handle | undefined>
  if (observed.has(prototype)) return true
  observed.add(prototype)
  for (const [name, position] of Object.entries(HANDLERS)) {
    const handle = prototype[name]
    if (handle === undefined) continue
    prototype[name] = function enterAndHandle(this: Layer, ...args) {
      // Handlers of a route have a method each, even if it is undefined.
      if (!('method' in this)) safely(() => enter(this, args[position] as RoutedRequest))
      return handle.apply(this, args)
    }
  }
  return true
}

/** Where a middleware stands among the routes and mounted routers of an app; undefined if it is not one of the app's own. */
export function placeAmongRoutes(
  app: ExpressApp,
  middleware: unknown,
): { readonly before: number; readonly after: number } | undefined {
  const isRoute = ({ route, handle }: Layer): boolean =>
    route !== undefined || Array.isArray(handle?.stack) || typeof handle?.enabled === 'function'
  const stack = (app._router ?? app.router)?.stack ?? []
  const at = stack.findIndex(({ handle }) => handle === middleware)
  if (at === -1) return undefined
  return { before: stack.slice(0, at).filter(isRoute).length, after: stack.slice(at).filter(isRoute).length }
}

/** How Express 4 ends the regular expressions that it makes of texts. */
const MADE_OF_TEXT = '(?=\\/|$)'

/** The pattern of a router, a middleware or an app that is mounted, of what it took from the path of a request. */
function patternOfMount(layer: Layer, taken: string, request: RoutedRequest): string {
  if (layer.rawPath !== undefined) return shown(layer.rawPath, request)
  if (layer.regexp !== undefined && !layer.regexp.source.endsWith(MADE_OF_TEXT)) return String(layer.regexp)
  const sensitive = request.app.enabled('case sensitive routing')
  return mountPattern(taken, ownParams(layer, request.params ?? {}), sensitive)
}

/** The pattern of a route, below what its router is mounted under. */
function patternOfRoute({ rawPath, route }: Layer, request: RoutedRequest): string {
  return shown(rawPath ?? route?.path, request)
}

/** A router may merge those of its parents in. */
function ownParams({ keys }: Layer, params: Params): Params {
  if (keys === undefined) return params
  const names = keys.map((key) => String(typeof key === 'string' ? key : key.name))
  return Object.fromEntries(names.map((name) => [name, params[name]]))
}

const MATCHED = 'router.tracing.matchedRoute'

/** A pattern as it is shown: of a list the one that matched, or all where it is not known. */
function shown(pattern: unknown, request: object): string {
  if (!Array.isArray(pattern)) return String(pattern)
  const key = Object.getOwnPropertySymbols(request).find(({ description }) => description === MATCHED)
  const matched: unknown = key && Reflect.get(request, key)
  return pattern.includes(matched) ? String(matched) : pattern.map(String).join('|')
}

/** Whether an error is that of a router which could not decode the URL, so that no route got it. */
export function isUndecodable(error: unknown): boolean {
  return error instanceof URIError && (error as { status?: unknown }).status === 400
}

/** What frameworks add to requests, as far as it is read here. */
type AnyRequest = RawRequest & {
  readonly log: RequestLogger
  readonly ip?: string | undefined
  readonly hostname?: string
} & Partial<RoutedRequest>

/** A router that a request has come into. */
interface Mount {
  readonly outer: Mount | undefined
  /** What of the path it and those around it have taken, and the pattern of that. */
  readonly url: string
  readonly pattern: string
}

/** RFC 9110, section 15.5.5. */
const NOT_FOUND = 404

const ROOT: Mount = { outer: undefined, url: '', pattern: '' }

/** A request that a middleware has, of whichever framework; in Express, with its way through the routers of its app. */
export class MiddlewareRequest implements FrameworkRequest, CaptureSource {
  readonly #request: AnyRequest
  #mount = ROOT
  #pattern: string | undefined = undefined
  /** The route that it came to last. */
  #route: RoutedRequest['route'] = undefined
  /** Whether the route was followed by something else. */
  #passed = false

  constructor(request: RawRequest) {
    this.#request = request as AnyRequest
    if (isRouted(this.#request)) observeLayers(this.#request.app, enterLayer)
  }

  get log(): RequestLogger {
    return this.#request.log
  }

  get headers(): CaptureSource['headers'] {
    return this.#request.headers
  }

  /** As the app trusts proxies, if it has a setting for that. */
  get ip(): string {
    return this.#request.ip ?? this.#source.ip
  }

  get host(): string {
    const { host } = this.#source
    // Of what a trusted proxy says Express 4 tells no port.
    const { hostname = host } = this.#request
    return host.startsWith(`${hostname}:`) ? host : hostname
  }

  get originalUrl(): string {
    return targetOf(this.#request)
  }

  get #source(): CaptureSource {
    return sourceOf(this.#request, this.originalUrl, this.#request.socket)
  }

  /** Comes to a step of a router. */
  enter(layer: Layer): void {
    const { baseUrl = '', res } = this.#request
    // Who comes after the answer has not given it.
    if (res?.headersSent) return
    const request = this.#request as RoutedRequest
    if (layer.route === undefined) this.#noteRefused()
    while (this.#mount.outer !== undefined && !isWithin(baseUrl, this.#mount.url))
      this.#mount = this.#mount.outer
    const { url, pattern } = this.#mount
    if (baseUrl.length > url.length) {
      const own = patternOfMount(layer, baseUrl.slice(url.length), request)
      this.#mount = { outer: this.#mount, url: baseUrl, pattern: joinPatterns(pattern, own) }
    }
    this.#passed = layer.route === undefined
    if (!this.#passed) {
      this.#route = layer.route
      this.#pattern = joinPatterns(this.#mount.pattern, patternOfRoute(layer, request))
    }
  }

  /** Notes a route that was found but not come to: `app.param` refused a parameter. */
  #noteRefused(): void {
    const { route } = this.#request
    if (route === undefined || route === this.#route) return
    this.#route = route
    this.#pattern = joinPatterns(
      this.#mount.pattern,
      patternOfRoute({ route }, this.#request as RoutedRequest),
    )
  }

  matched(status: number | undefined, failed: boolean): string | undefined {
    // Where no middleware for errors stands behind the route, Express answers itself.
    if (status !== undefined && status >= 400) this.#noteRefused()
    if (failed) return this.#pattern
    // What Express answers when no router has anything left.
    if (status === NOT_FOUND && (this.#passed || this.#request.next === undefined)) return undefined
    // An error that nothing reported is what takes a request from its route to another answer from 400 on.
    return this.#passed && (status ?? 0) < 400 ? undefined : this.#pattern
  }
}

/** Whether a request is one of Express. */
export function isRouted(request: object): request is RoutedRequest {
  const { app } = request as Partial<RoutedRequest>
  return typeof app?.enabled === 'function'
}

function enterLayer(layer: Layer, request: RoutedRequest): void {
  const framework = recordOf(request)?.framework
  if (framework instanceof MiddlewareRequest) framework.enter(layer)
}

function isWithin(url: string, outer: string): boolean {
  return url === outer || url.startsWith(`${outer}/`)
}

function joinPatterns(outer: string, inner: string): string {
  const base = outer.endsWith('/') ? outer.slice(0, -1) : outer
  return base !== '' && inner === '/' ? base : base + inner
}
