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
  calls: '$calls',
  error: '$error',
  message: '$message',
  '*': '$added',
  truncated: '$truncated',
}

/** What readers of logfmt look for (lnav, and what reads Go's `log/slog`). */
const LOGFMT_NAMES: Readonly<Record<string, string>> = { timestamp: 'time', message: 'msg' }

/** The native line as logfmt, which holds no objects. */
export const nativeFlat: Template = {
  ...Object.fromEntries(Object.entries(native).map(([key, value]) => [LOGFMT_NAMES[key] ?? key, value])),
  calls: { count: '$calls.count', total_ms: '$calls.total_ms', failed: '$calls.failed' },
  error: { type: '$error.type', code: '$error.code', message: '$error.message', stack: '$error.stack' },
  '*': '$added:flat',
}
