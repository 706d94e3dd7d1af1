import type { Template } from '../../options.js'

/** Datadog: its standard attributes, https://docs.datadoghq.com/standard-attributes. */
export const datadog: Template = {
  timestamp: '$time',
  status: '$level:datadog',
  message: '$message',
  service: '$service',
  version: '$version',
  env: '$environment',
  event: '$event',
  dd: { trace_id: '$trace_id', span_id: '$span_id:decimal' },
  http: {
    request_id: '$request_id',
    method: '$method',
    url: '$path',
    route: '$route',
    status_code: '$status',
    useragent: '$user_agent',
    referer: '$referer',
    version: '$protocol:short',
    // At the top, `host` would be the machine.
    url_details: { host: '$host:name', port: '$host:port' },
  },
  network: { client: { ip: '$client_ip' }, bytes_written: '$response_bytes' },
  client_request_id: '$client_request_id',
  request_id_rejected: '$request_id_rejected',
  '*included': '$included',
  duration: '$duration:ns',
  slow: '$slow',
  outcome: '$outcome',
  calls: '$calls',
  error: { kind: '$error.type', code: '$error.code', message: '$error.message', stack: '$error.stack' },
  '*': '$added',
  truncated: '$truncated',
}
