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
  calls: { count: '$calls.count', total_ms: '$calls.total_ms', failed: '$calls.failed' },
  error: { type: '$error.type', code: '$error.code', message: '$error.message', stack: '$error.stack' },
  '*': '$added:flat',
}

/** Datadog: its standard attributes, https://docs.datadoghq.com/standard-attributes. */
const datadog: Template = {
  timestamp: '$time',
  status: '$level:datadog',
  message: '$message',
  service: '$service',
  version: '$version',
  env: '$environment',
  event: '$event',
  dd: '$datadog_ids',
  http: {
    request_id: '$request_id',
    method: '$method',
    url: '$path',
    route: '$route',
    status_code: '$status',
    useragent: '$user_agent',
    referer: '$referer',
    version: '$protocol:short',
    // At the top level, `host` is the machine.
    url_details: { host: '$host:name', port: '$host:port' },
  },
  network: { client: { ip: '$client_ip' }, bytes_written: '$response_bytes' },
  client_request_id: '$client_request_id',
  request_id_rejected: '$request_id_rejected',
  '*included': '$included',
  duration: '$duration:ns',
  head_sent: '$head_sent',
  slow: '$slow',
  sample_rate: '$sample_rate',
  outcome: '$outcome',
  calls: '$calls',
  error: { kind: '$error.type', code: '$error.code', message: '$error.message', stack: '$error.stack' },
  '*': '$added',
  truncated: '$truncated',
}

/** Elastic Common Schema 9.4: https://www.elastic.co/docs/reference/ecs. Values without a field there are labels. */
const ecs: Template = {
  '@timestamp': '$time',
  'log.level': '$level',
  message: '$message',
  'ecs.version': '9.4.0',
  'service.name': '$service',
  'service.version': '$version',
  'service.environment': '$environment',
  'event.kind': 'event',
  'event.category': '$event:ecs_category',
  'event.type': '$event:ecs_type',
  'event.action': '$event',
  'event.outcome': '$result',
  'event.duration': '$duration:ns',
  'trace.id': '$trace_id',
  'span.id': '$span_id',
  dd: '$dd',
  'http.request.id': '$request_id',
  'http.request.method': '$method',
  'http.request.referrer': '$referer',
  'http.version': '$protocol:short',
  'http.response.status_code': '$status',
  'http.request.body.bytes': '$request_bytes',
  'http.response.body.bytes': '$response_bytes',
  'url.path': '$path',
  'url.query': '$query',
  'url.domain': '$host:name',
  'url.port': '$host:port',
  'client.address': '$client_ip',
  'client.ip': '$client_ip:ip',
  'user_agent.original': '$user_agent',
  'error.type': '$error.type',
  'error.code': '$error.code',
  'error.message': '$error.message',
  'error.stack_trace': '$error.stack',
  labels: {
    route: '$route',
    outcome: '$outcome',
    head_sent: '$head_sent:text',
    slow: '$slow:text',
    sample_rate: '$sample_rate:text',
    calls_count: '$calls.count',
    calls_total_ms: '$calls.total_ms',
    calls_failed: '$calls.failed',
    client_request_id: '$client_request_id',
    request_id_rejected: '$request_id_rejected',
    trace_flags: '$trace_flags',
    '*included': '$included:labels',
    '*': '$added:labels',
    truncated: '$truncated:text',
  },
}

/**
 * Google Cloud Logging: https://docs.cloud.google.com/logging/docs/structured-logging, with errors where Error Reporting
 * finds them.
 */
const gcp: Template = {
  severity: '$level:google',
  time: '$time',
  message: '$message',
  'logging.googleapis.com/trace': '$trace_name',
  'logging.googleapis.com/spanId': '$span_id',
  'logging.googleapis.com/trace_sampled': '$trace_flags:sampled',
  serviceContext: { service: '$service', version: '$version' },
  environment: '$environment',
  event: '$event',
  request_id: '$request_id',
  client_request_id: '$client_request_id',
  request_id_rejected: '$request_id_rejected',
  httpRequest: {
    requestMethod: '$method',
    requestUrl: '$path',
    status: '$status',
    requestSize: '$request_bytes:text',
    responseSize: '$response_bytes:text',
    userAgent: '$user_agent',
    remoteIp: '$client_ip',
    referer: '$referer',
    latency: '$duration:google',
    protocol: '$protocol:http',
  },
  route: '$route',
  '*included': '$included',
  outcome: '$outcome',
  head_sent: '$head_sent',
  slow: '$slow',
  sample_rate: '$sample_rate',
  calls: '$calls',
  error: { type: '$error.type', code: '$error.code', message: '$error.message' },
  stack_trace: '$error.stack',
  dd: '$dd',
  '*': '$added',
  truncated: '$truncated',
}

/**
 * OpenTelemetry: the log data model (https://opentelemetry.io/docs/specs/otel/logs/data-model), with the flat attributes
 * of its semantic conventions.
 */
const otel: Template = {
  timestamp: '$time',
  severity_text: '$level:upper',
  severity_number: '$level:number',
  body: '$message',
  trace_id: '$trace_id',
  span_id: '$span_id',
  trace_flags: '$trace_flags',
  dd: '$dd',
  resource: {
    'service.name': '$service',
    'service.version': '$version',
    'deployment.environment.name': '$environment',
  },
  attributes: {
    'event.name': '$event',
    'http.request.id': '$request_id',
    'http.request.method': '$method:known',
    'http.request.method_original': '$method:unknown',
    'http.route': '$route',
    'url.path': '$path',
    'url.query': '$query',
    'http.response.status_code': '$status',
    'http.request.body.size': '$request_bytes',
    'http.response.body.size': '$response_bytes',
    'http.server.request.duration': '$duration:s',
    'network.protocol.version': '$protocol:short',
    'client.address': '$client_ip',
    'server.address': '$host:name',
    'server.port': '$host:port',
    'user_agent.original': '$user_agent',
    'error.type': '$fault',
    'exception.type': '$error.type',
    'exception.message': '$error.message',
    'exception.stacktrace': '$error.stack',
    outcome: '$outcome',
    head_sent: '$head_sent',
    slow: '$slow',
    sample_rate: '$sample_rate',
    'calls.count': '$calls.count',
    'calls.total_ms': '$calls.total_ms',
    'calls.failed': '$calls.failed',
    client_request_id: '$client_request_id',
    request_id_rejected: '$request_id_rejected',
    'error.code': '$error.code',
    '*included': '$included:headers',
    '*': '$added',
    truncated: '$truncated',
  },
}

/** The JSON formats in the shape of one reader each. */
export const READER_TEMPLATES = { ecs, gcp, datadog, otel }
