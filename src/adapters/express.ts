import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import { isFastify, misplacedMiddleware, warnOnce } from '../errors.js'
import { recordOf } from '../http/carrier.js'
import type { MiddlewareOptions, RawRequest } from '../options.js'
import { safely } from '../safely.js'
import { isRouted, isUndecodable, placeAmongRoutes, type RoutedRequest } from './express-internals.js'
import { ADDED, createMiddleware, type Middleware, type Next } from './middleware.js'

/** A middleware for errors, as Express and Connect take it. */
export type ErrorMiddleware = (
  error: unknown,
  request: RawRequest,
  response: ServerResponse | Http2ServerResponse,
  next: Next,
) => void

/** A middleware for errors that returns itself when it is called without arguments, so that both ways work. */
export interface ErrorMiddlewareMaker extends ErrorMiddleware {
  (): ErrorMiddleware
}

/**
 * Makes a middleware for Express, Connect, Polka and `node:http`: one start event and one completion event for every
 * request, on stdout, tied together by a request id. Register it before all others.
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
  // Fastify registers it as a plugin, and takes an error from the callback only.
  if (isFastify(options) && done !== undefined) {
    done(misplacedMiddleware())
    return undefined
  }
  let isChecked = false
  const middleware = createMiddleware(options, (request) => {
    if (!isRouted(request)) return
    addAccessors(request)
    if (!isChecked) warnOfOrder(request, middleware)
    isChecked = true
  })
  return middleware
}

/**
 * A middleware that puts errors into the completion lines of their requests and passes them on; `waybill.errors()`
 * returns it too. It stands after the routes and before what answers errors.
 *
 * @example
 * app.use(waybill.errors())
 */
waybill.errors = passError as ErrorMiddlewareMaker

/** Warns of an app of Express whose routes stand where the middleware can't see them, or their errors. */
function warnOfOrder({ app }: RoutedRequest, middleware: Middleware): void {
  const place = placeAmongRoutes(app, middleware)
  if (place !== undefined && place.before > 0 && place.after === 0) {
    warnOnce(
      'WAYBILL_WARN_ORDER',
      'middleware',
      'waybill: app.use(waybill()) stands after all routes, so it logs none of their requests: move it before them',
    )
  }
  const ofErrors = placeAmongRoutes(app, passError)
  if (ofErrors !== undefined && ofErrors.before === 0 && ofErrors.after > 0) {
    warnOnce(
      'WAYBILL_WARN_ORDER',
      'errors',
      'waybill: app.use(waybill.errors()) stands before all routes, so it gets none of their errors: move it after them',
    )
  }
}

/** Puts an error into the completion line of its request and passes it on; without arguments, returns itself. */
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
 * Adds properties to all requests of an app, by the prototype that Express documents for that: adding them to each request
 * is slow on Node.js 20. Assigning one replaces it, as it does for an own property.
 */
function addAccessors({ app }: RoutedRequest): void {
  let root = app
  while (root.parent !== undefined) root = root.parent
  const { request: prototype } = root
  if (prototype === undefined || extended.has(prototype)) return
  extended.add(prototype)
  for (const [name, read] of ADDED) {
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
