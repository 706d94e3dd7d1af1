import { waybill } from './adapters/fastify.js'
import { currentRequest, propagationHeaders, requestId } from './context.js'
import { log } from './current-log.js'
import { WaybillError } from './errors.js'
import { createLogger } from './logger.js'

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
  Options,
  RawRequest,
  RequestIdOptions,
  Template,
  TemplateValue,
} from './options.js'
export type { FormatName, Level, LogLevel, Outcome } from './vocabulary.js'
export { waybill, waybill as default }

const required = Object.assign(waybill, {
  createLogger,
  currentRequest,
  log,
  propagationHeaders,
  requestId,
  WaybillError,
  waybill,
})

// What require('waybill') gives: the plugin itself, with all other exports as its properties.
export { required as 'module.exports' }
