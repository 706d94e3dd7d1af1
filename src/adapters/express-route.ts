import { recordOf } from '../http/carrier.js'
import type { RawRequest, RequestLogger } from '../options.js'
import { type CaptureSource, sourceOf, targetOf } from '../request/details.js'
import type { FrameworkRequest } from '../request/record.js'
import {
  type Layer,
  observeLayers,
  patternOfMount,
  patternOfRoute,
  type RoutedRequest,
} from './express-internals.js'

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
