import type { Template } from '../../options.js'

/**
 * OpenTelemetry: the log data model (https://opentelemetry.io/docs/specs/otel/logs/data-model), with the flat attributes
 * of its semantic conventions.
 */
export const otel: Template = {
  timestamp: '$time',
  severity_text: '$level:upper',
  severity_number: '$level:number',
  body: '$message',
  trace_id: '$trace_id',
  span_id: '$span_id',
  trace_flags: '$trace_flags',
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
    slow: '$slow',
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
