import { recordOf } from '../http/carrier.js'
import type { RawRequest, RequestLogger } from '../options.js'
import { type CaptureSource, sourceOf, targetOf } from '../request/details.js'
import type { FrameworkRequest } from '../request/parts.js'
import { mountPattern, type Params } from '../request/url.js'
import { attempt, safely } from '../safely.js'

// Undocumented internals of Express, as seen in Express 4.21 to 4.22 and, for Express 5, in router 2.0 to 2.3. A layer is a
// step of a router: a middleware, a mounted router, a route, or a handler of a route.

/** The properties of Express requests that show how they are routed. */
export interface RoutedRequest {
  readonly app: ExpressApp
  readonly res?: { readonly headersSent: boolean }
  readonly baseUrl?: string
  readonly params?: Params
  readonly route?: { readonly path: unknown }
  /** The `next` of the current router; restored when the outermost one has no more layers. */
  readonly next?: unknown
}

interface ExpressApp {
  enabled(setting: string): boolean
  /** The prototype of an app's requests, which apps may extend; a mounted app's inherits from its parent's. */
  readonly request?: object
  readonly parent?: ExpressApp
  /** Express 4, in which `router` throws. */
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
  /** The declared pattern, since router 2.3. */
  readonly rawPath?: unknown
  /** Express 4. */
  readonly regexp?: RegExp
  readonly keys?: readonly (string | { readonly name: string | number })[]
}

/** A mounted router has its own layers; an app has those of its router. */
type Handler = ((...args: never[]) => unknown) & Router & { readonly enabled?: unknown }

type Handle = (this: Layer, ...args: unknown[]) => unknown

/** The methods of layers that handle a request, with the position of the request among their arguments. */
const HANDLERS = { handle_request: 0, handleRequest: 0, handle_error: 1, handleError: 1 } as const

const observed = new WeakSet<object>()

/**
 * Observes which layers the requests of an app reach, once for each copy of Express.
 * @returns false if this Express has no layers where they are expected
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
      // Each handler of a route has a property `method`, even if it is undefined.
      if (!('method' in this)) safely(() => enter(this, args[position] as RoutedRequest))
      return handle.apply(this, args)
    }
  }
  return true
}

/** Counts the routes and mounted routers before and after a middleware; undefined if the app itself doesn't use it. */
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

/** The end of a regular expression that Express 4 creates from a string. */
const FROM_STRING = '(?=\\/|$)'

/** Returns the pattern of a mounted router, middleware or app, if need be from the part of the path that it matched. */
function patternOfMount(layer: Layer, taken: string, request: RoutedRequest): string {
  if (layer.rawPath !== undefined) return showPattern(layer.rawPath, request)
  if (layer.regexp !== undefined && !layer.regexp.source.endsWith(FROM_STRING)) return String(layer.regexp)
  // Other middleware may have replaced `request.app`.
  const sensitive = attempt(() => request.app.enabled('case sensitive routing'), false)
  return mountPattern(taken, ownParams(layer, request.params ?? {}), sensitive)
}

/** Returns the pattern of a route, relative to its router. */
function patternOfRoute({ rawPath, route }: Layer, request: RoutedRequest): string {
  return showPattern(rawPath ?? route?.path, request)
}

/** Returns a layer's own parameters, because a router may merge in those of its parents. */
function ownParams({ keys }: Layer, params: Params): Params {
  if (keys === undefined) return params
  const names = keys.map((key) => String(typeof key === 'string' ? key : key.name))
  return Object.fromEntries(names.map((name) => [name, params[name]]))
}

const MATCHED = 'router.tracing.matchedRoute'

/** Shows a pattern; of an array, the one that matched, or all if that is unknown. */
function showPattern(pattern: unknown, request: object): string {
  if (!Array.isArray(pattern)) return String(pattern)
  const key = Object.getOwnPropertySymbols(request).find(({ description }) => description === MATCHED)
  const matched: unknown = key && Reflect.get(request, key)
  return pattern.includes(matched) ? String(matched) : pattern.map(String).join('|')
}

/** Whether a router threw an error because it could not decode the URL, so that no route was reached. */
export function isUndecodable(error: unknown): boolean {
  return error instanceof URIError && (error as { status?: unknown }).status === 400
}

/** The properties that frameworks add to requests and that are read here. */
type AnyRequest = RawRequest & {
  readonly log: RequestLogger
  readonly ip?: string | undefined
  readonly hostname?: string
} & Partial<RoutedRequest>

/** A mounted router that a request has entered. */
interface Mount {
  readonly outer: Mount | undefined
  /** The part of the path that it and its parents matched, and the pattern of that. */
  readonly url: string
  readonly pattern: string
}

/** RFC 9110, section 15.5.5. */
const NOT_FOUND = 404

const ROOT: Mount = { outer: undefined, url: '', pattern: '' }

/** A request of any middleware framework; in Express, it tracks which routers and routes the request reaches. */
export class MiddlewareRequest implements FrameworkRequest, CaptureSource {
  readonly #request: AnyRequest
  #mount = ROOT
  #pattern: string | undefined = undefined
  /** The latest route that it reached. */
  #route: RoutedRequest['route'] = undefined
  /** Whether a later layer than that route was reached. */
  #passed = false

  constructor(request: RawRequest) {
    this.#request = request as AnyRequest
    if (isRouted(this.#request)) observeLayers(this.#request.app, enterLayer)
  }

  get body(): unknown {
    return (this.#request as { body?: unknown }).body
  }

  get log(): RequestLogger {
    return this.#request.log
  }

  get headers(): CaptureSource['headers'] {
    return this.#request.headers
  }

  /** The address that the framework found by its proxy settings, else that of the connection. */
  get ip(): string {
    return this.#request.ip ?? this.#source.ip
  }

  get host(): string {
    const { host } = this.#source
    // Express 4 drops the port that a trusted proxy sends.
    const { hostname = host } = this.#request
    return host.startsWith(`${hostname}:`) ? host : hostname
  }

  get originalUrl(): string {
    return targetOf(this.#request)
  }

  get #source(): CaptureSource {
    return sourceOf(this.#request, this.originalUrl, this.#request.socket)
  }

  /** Notes that the request reaches a layer. */
  enter(layer: Layer): void {
    const { baseUrl = '', res } = this.#request
    // A layer that is reached after the answer did not give it.
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

  /** Notes a route that matched but did not run, because `app.param` refused a parameter. */
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
    // Without an error middleware after the route, Express answers itself.
    if (status !== undefined && status >= 400) this.#noteRefused()
    if (failed) return this.#pattern
    // Express answers 404 itself when no router has more layers.
    if (status === NOT_FOUND && (this.#passed || this.#request.next === undefined)) return undefined
    // An answer of 400 or above from a later layer means that an unreported error left the route.
    return this.#passed && (status ?? 0) < 400 ? undefined : this.#pattern
  }
}

/** Whether a request is an Express request. */
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
