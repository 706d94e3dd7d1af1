import type { Template } from '../../options.js'

/** The native line: flat, snake_case, milliseconds. */
export const native: Template = {
  timestamp: '$time',
  level: '$level',
  service: '$service',
  version: '$version',
  environment: '$environment',
  event: '$event',
  request_id: '$request_id',
  client_request_id: '$client_request_id',
  request_id_rejected: '$request_id_rejected',
  trace_id: '$trace_id',
  span_id: '$span_id',
  trace_flags: '$trace_flags',
  method: '$method',
  path: '$path',
  route: '$route',
  '*included': '$included',
  status: '$status',
  duration_ms: '$duration',
  slow: '$slow',
  outcome: '$outcome',
  response_bytes: '$response_bytes',
  error: '$error',
  message: '$message',
  '*': '$added',
  truncated: '$truncated',
}

/** The native line as logfmt, which holds no objects. */
export const nativeFlat: Template = {
  ...native,
  error: { type: '$error.type', code: '$error.code', message: '$error.message', stack: '$error.stack' },
  '*': '$added:flat',
}
