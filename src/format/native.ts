import type { Template } from '../options.js'

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
  head_sent: '$head_sent',
  slow: '$slow',
  sample_rate: '$sample_rate',
  outcome: '$outcome',
  response_bytes: '$response_bytes',
  calls: '$calls',
  error: '$error',
  message: '$message',
  dd: '$dd',
  '*': '$added',
  truncated: '$truncated',
}

/** Fields that an app's own logger writes itself, among them the service by its bindings. */
const ENVELOPE: ReadonlySet<string> = new Set(
  'timestamp level service version environment message truncated *'.split(' '),
)

/** The native fields, for lines that a logger begins and ends. */
export const nativeBody: Template = {
  ...Object.fromEntries(Object.entries(native).filter(([key]) => !ENVELOPE.has(key))),
  truncated: '$truncated',
  '*': '$added',
}

/** The same, for a logger that itself puts the id on its lines. */
export const nativeBodyWithoutId: Template = Object.fromEntries(
  Object.entries(nativeBody).filter(([key]) => key !== 'request_id'),
)

/** Whether a template is a native one, in which a name is free if the line doesn't use it. */
export function isNative(template: Template): boolean {
  return template === native || template === nativeBody || template === nativeBodyWithoutId
}

/** The names that readers of logfmt look for (lnav, readers of Go's `log/slog`). */
const LOGFMT_NAMES: Readonly<Record<string, string>> = { timestamp: 'time', message: 'msg' }

/** The native line for logfmt, which can't nest. */
export const nativeFlat: Template = {
  ...Object.fromEntries(Object.entries(native).map(([key, value]) => [LOGFMT_NAMES[key] ?? key, value])),
  calls: {
    count: '$calls.count',
    total_ms: '$calls.total_ms',
    failed: '$calls.failed',
    open: '$calls.open',
  },
  error: { type: '$error.type', code: '$error.code', message: '$error.message', stack: '$error.stack' },
  '*': '$added:flat',
}
