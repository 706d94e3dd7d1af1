import type { Template } from '../../options.js'

/**
 * Google Cloud Logging: https://docs.cloud.google.com/logging/docs/structured-logging, with errors where Error Reporting
 * looks for them.
 */
export const gcp: Template = {
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
  slow: '$slow',
  calls: '$calls',
  error: { type: '$error.type', code: '$error.code', message: '$error.message' },
  stack_trace: '$error.stack',
  '*': '$added',
  truncated: '$truncated',
}
