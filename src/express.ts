import { waybill } from './adapters/express.js'
import { currentRequest, propagationHeaders, requestId } from './context.js'
import { log } from './current-log.js'
import { WaybillError } from './errors.js'
import { createLogger } from './logger.js'
import type { RequestLog } from './options.js'

export {
  type ErrorMiddleware,
  type ErrorMiddlewareMaker,
  waybill,
  waybill as default,
} from './adapters/express.js'
export type { Middleware, Next, NodeServer } from './adapters/middleware.js'
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

const required = Object.assign(waybill, {
  createLogger,
  currentRequest,
  log,
  propagationHeaders,
  requestId,
  WaybillError,
  waybill,
})

// What require('waybill/express') gives: the function itself, with all other exports as its properties.
export { required as 'module.exports' }

declare global {
  namespace Express {
    interface Request extends RequestLog {}
  }
}
