// The exports that all entries share.
export { currentRequest, propagationHeaders, requestId } from './context.js'
export { log } from './current-log.js'
export { type ErrorCode, type WarningCode, WaybillError } from './errors.js'
export { createLogger } from './logger.js'
export type {
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
export type {
  Completion,
  FailedBodyOptions,
  PolicyOptions,
  QuietRule,
  RequestView,
  ResponseView,
  RouteConfig,
  SampleOptions,
} from './policies.js'
export type { FormatName, Level, LogLevel, Outcome } from './vocabulary.js'
