import type { ServerResponse } from 'node:http'
import {
  type ErrorMiddlewareMaker,
  type Middleware,
  MiddlewareLog,
  type Next,
  passError,
  warnOfOrder,
} from './adapters/middleware.js'
import { isFastify, misplacedMiddleware } from './adapters/misplaced.js'
import type { MiddlewareOptions, RequestLog } from './options.js'
import { safely } from './safely.js'

export type {
  ErrorMiddleware,
  ErrorMiddlewareMaker,
  Middleware,
  Next,
  NodeServer,
} from './adapters/middleware.js'
export { currentRequest, propagationHeaders, requestId } from './context.js'
export { log } from './current-log.js'
export { type ErrorCode, type WarningCode, WaybillError } from './errors.js'
export { createLogger } from './logger.js'
export type {
  Completion,
  CurrentRequest,
  Destination,
  Include,
  LoggerOptions,
  MiddlewareOptions,
  Options,
  ParentLogger,
  RawRequest,
  RequestIdOptions,
  RequestLog,
  RequestLogger,
  Template,
  TemplateValue,
} from './options.js'
export type { FormatName, Level, LogLevel, Outcome } from './vocabulary.js'

declare global {
  namespace Express {
    interface Request extends RequestLog {}
  }
}

/**
 * Makes a middleware for Express, Connect, Polka and `node:http`: one start event and one completion event for every
 * request, on stdout, tied together by a request id. It is to be the first of its app.
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
  const requests = new MiddlewareLog(options)
  let isChecked = false
  const middleware: Middleware = (request, response, next) => {
    if (!isChecked) {
      isChecked = true
      safely(() => warnOfOrder(request, middleware))
    }
    requests.handle(request, response as ServerResponse, next)
  }
  middleware.attach = (server) => {
    requests.attach(server)
    return middleware
  }
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
