import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import { isFastify, misplacedMiddleware, warnOnce } from '../errors.js'
import { recordOf } from '../http/carrier.js'
import type { MiddlewareOptions, RawRequest } from '../options.js'
import { safely } from '../safely.js'
import { isRouted, isUndecodable, placeAmongRoutes, type RoutedRequest } from './express-internals.js'
import { ADDED_PROPERTIES, createMiddleware, type Middleware, type Next } from './middleware.js'

/** An error middleware of Express and Connect. */
export type ErrorMiddleware = (
  error: unknown,
  request: RawRequest,
  response: ServerResponse | Http2ServerResponse,
  next: Next,
) => void

/** An error middleware that returns itself when it is called without arguments, so that both notations work. */
export interface ErrorMiddlewareMaker extends ErrorMiddleware {
  (): ErrorMiddleware
}

/**
 * Creates a middleware for Express, Connect, Polka and `node:http`: it logs one start event and one completion event for
 * every request, on stdout, with the same request id. Register it before all others.
 *
 * @example
 * const app = express()
 * app.use(waybill())
 *
 * @throws {WaybillError} for an unknown option, a wrong type or an impossible value
 */
export function waybill(options?: MiddlewareOptions): Middleware
export function waybill(
  options: MiddlewareOptions = {},
  _pluginOptions?: unknown,
  done?: Next,
): Middleware | undefined {
  // Fastify calls it as a plugin, and takes errors only from the callback.
  if (isFastify(options) && done !== undefined) {
    done(misplacedMiddleware())
    return undefined
  }
  let isChecked = false
  const middleware = createMiddleware(options, (request) => {
    if (!isRouted(request)) return
    addAccessors(request)
    if (!isChecked) checkOrder(request, middleware)
    isChecked = true
  })
  return middleware
}

/**
 * An error middleware that adds an error to the completion line of its request and passes it on; `waybill.errors()` returns
 * it, too. Register it after the routes and before the middleware that answers errors.
 *
 * @example
 * app.use(waybill.errors())
 */
waybill.errors = passError as ErrorMiddlewareMaker

/** Warns if an Express app registers its routes before the middleware, or after `waybill.errors()`. */
function checkOrder({ app }: RoutedRequest, middleware: Middleware): void {
  const place = placeAmongRoutes(app, middleware)
  if (place !== undefined && place.before > 0 && place.after === 0) {
    warnOnce(
      'WAYBILL_WARN_ORDER',
      'middleware',
      'waybill: app.use(waybill()) comes after all routes, so none of their requests are logged; move it before them',
    )
  }
  const ofErrors = placeAmongRoutes(app, passError)
  if (ofErrors !== undefined && ofErrors.before === 0 && ofErrors.after > 0) {
    warnOnce(
      'WAYBILL_WARN_ORDER',
      'errors',
      'waybill: app.use(waybill.errors()) comes before all routes, so none of their errors are logged; move it after them',
    )
  }
}

/** Adds an error to the completion line of its request and passes it on; without arguments, returns itself. */
function passError(): ErrorMiddleware
function passError(error: unknown, request: RawRequest, response: unknown, next: Next): void
function passError(
  error?: unknown,
  request?: RawRequest,
  _response?: unknown,
  next?: Next,
): ErrorMiddleware | undefined {
  if (request === undefined || next === undefined) return passError
  safely(() => {
    const record = recordOf(request)
    record?.threw(error)
    if (record !== undefined && isUndecodable(error)) record.isRouted = false
  })
  next(error)
  return undefined
}

const extended = new WeakSet<object>()

/**
 * Adds properties to the prototype of an app's requests, which Express documents for that, because adding them to each
 * request is slow on Node.js 20. They can be assigned like own properties.
 */
function addAccessors({ app }: RoutedRequest): void {
  let root = app
  while (root.parent !== undefined) root = root.parent
  const { request: prototype } = root
  if (prototype === undefined || extended.has(prototype)) return
  extended.add(prototype)
  for (const [name, read] of ADDED_PROPERTIES) {
    if (name in prototype) continue
    Object.defineProperty(prototype, name, {
      configurable: true,
      get(this: object) {
        const record = recordOf(this)
        return record === undefined ? undefined : read(record)
      },
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true })
      },
    })
  }
}
