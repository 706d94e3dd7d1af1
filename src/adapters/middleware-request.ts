import { sourceOf } from '../http/arrivals.js'
import type { LoggedRequest } from '../http/visit.js'
import type { RawRequest } from '../options.js'
import type { CaptureSource } from '../request/details.js'
import type { RequestLogger } from '../request/logger.js'
import type { RoutedRequest } from './express-internals.js'
import { followRoutes, type Way } from './express-route.js'

/** What frameworks add to requests, as far as it is read here. */
type FrameworkRequest = RawRequest & {
  readonly log: RequestLogger
  readonly originalUrl?: string
  readonly ip?: string | undefined
  readonly hostname?: string
} & Partial<RoutedRequest>

/** A request that a middleware has, of whichever framework. */
export class MiddlewareRequest implements LoggedRequest, CaptureSource {
  readonly #request: FrameworkRequest
  readonly #way: Way | undefined

  constructor(request: RawRequest) {
    this.#request = request as FrameworkRequest
    this.#way = isExpress(this.#request) ? followRoutes(this.#request) : undefined
  }

  get log(): RequestLogger {
    return this.#request.log
  }

  matched(status: number | undefined, failed: boolean): string | undefined {
    return this.#way?.answeredBy(status, failed)
  }

  get headers(): CaptureSource['headers'] {
    return this.#request.headers
  }

  /** As the app trusts proxies, if it has a say in it. */
  get ip(): string {
    return this.#request.ip ?? this.#source.ip
  }

  get host(): string {
    const { host } = this.#source
    // Of what a trusted proxy says Express 4 tells no port.
    const { hostname = host } = this.#request
    return host.startsWith(`${hostname}:`) ? host : hostname
  }

  /** Mounting rewrites the other one. */
  get originalUrl(): string {
    return this.#request.originalUrl ?? this.#request.url ?? ''
  }

  get #source(): CaptureSource {
    return sourceOf(this.#request, this.originalUrl, this.#request.socket)
  }
}

function isExpress(request: FrameworkRequest): request is FrameworkRequest & RoutedRequest {
  const { app } = request
  return typeof app?.enabled === 'function'
}
