import { describe, expect, test } from 'vitest'
import type { Line } from '../support/capture.js'
import { at, breaches, type Rule, samplesOf, TRACE } from './lines.js'

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** A rule about one value, which may be absent. */
function rule(
  name: string,
  source: string,
  path: readonly string[],
  fits: (value: unknown) => boolean,
): Rule {
  return {
    name,
    source,
    holds: (line) => {
      const value = at(line, ...path)
      return value === undefined || fits(value)
    },
  }
}

function always({ holds, ...about }: Rule, path: readonly string[]): Rule {
  return { ...about, holds: (line) => at(line, ...path) !== undefined && holds(line) }
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0
const matches =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    isText(value) && pattern.test(String(value))

const LOG_ENTRY = 'https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry'
const STRUCTURED = 'https://docs.cloud.google.com/logging/docs/structured-logging'
const ERRORS = 'https://docs.cloud.google.com/error-reporting/docs/formatting-error-messages'
const PROTO_JSON = 'https://protobuf.dev/programming-guides/json'
const SEVERITIES = /^(?:DEFAULT|DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY)$/
const HTTP_REQUEST = [
  'requestMethod',
  'requestUrl',
  'requestSize',
  'status',
  'responseSize',
  'userAgent',
  'remoteIp',
]
const MORE_HTTP_REQUEST = ['serverIp', 'referer', 'latency', 'protocol']

const GOOGLE: readonly Rule[] = [
  always(rule('severity is a word of LogSeverity', LOG_ENTRY, ['severity'], matches(SEVERITIES)), [
    'severity',
  ]),
  always(rule('time is RFC 3339 in UTC', STRUCTURED, ['time'], matches(RFC_3339)), ['time']),
  rule('message is a text', STRUCTURED, ['message'], isText),
  {
    name: 'httpRequest has no field but those of HttpRequest, else it is no request',
    source: LOG_ENTRY,
    holds: ({ httpRequest = {} }) =>
      Object.keys(httpRequest as object).every((key) =>
        [...HTTP_REQUEST, ...MORE_HTTP_REQUEST].includes(key),
      ),
  },
  rule('status is an integer', LOG_ENTRY, ['httpRequest', 'status'], isCount),
  rule(
    'responseSize, an int64, is a text of digits',
    PROTO_JSON,
    ['httpRequest', 'responseSize'],
    matches(/^\d+$/),
  ),
  rule(
    'latency is a Duration: seconds with 0, 3, 6 or 9 digits behind the point, and an s',
    PROTO_JSON,
    ['httpRequest', 'latency'],
    matches(/^\d+(?:\.(?:\d{3}|\d{6}|\d{9}))?s$/),
  ),
  rule(
    'protocol is as in "HTTP/1.1" and "HTTP/2"',
    LOG_ENTRY,
    ['httpRequest', 'protocol'],
    matches(/^HTTP\/(?:1\.[01]|2)$/),
  ),
  ...['requestMethod', 'requestUrl', 'userAgent', 'remoteIp', 'referer'].map((key) =>
    rule(`${key} is a text`, LOG_ENTRY, ['httpRequest', key], isText),
  ),
  rule(
    'a trace is named within its project',
    LOG_ENTRY,
    ['logging.googleapis.com/trace'],
    (value) => value === `projects/acme/traces/${TRACE.traceId}`,
  ),
  rule(
    'a span id is 16 hexadecimal digits',
    LOG_ENTRY,
    ['logging.googleapis.com/spanId'],
    matches(/^[0-9a-f]{16}$/),
  ),
  rule(
    'trace_sampled is a boolean',
    STRUCTURED,
    ['logging.googleapis.com/trace_sampled'],
    (value) => typeof value === 'boolean',
  ),
  rule('stack_trace, where errors are looked for first, is a text', ERRORS, ['stack_trace'], isText),
  always(rule('serviceContext names the service', ERRORS, ['serviceContext', 'service'], isText), [
    'serviceContext',
  ]),
]

const RESERVED = 'https://docs.datadoghq.com/logs/log_configuration/attributes_naming_convention'
const STANDARD = 'https://docs.datadoghq.com/standard-attributes'
const STATUS = 'https://docs.datadoghq.com/logs/log_configuration/processors/log_status_remapper'
const SPANS = 'https://docs.datadoghq.com/tracing/other_telemetry/connect_logs_and_traces/opentelemetry'

const DATADOG: readonly Rule[] = [
  always(rule('timestamp is RFC 3339', RESERVED, ['timestamp'], matches(RFC_3339)), ['timestamp']),
  always(
    rule(
      'status begins as its remapper wants it',
      STATUS,
      ['status'],
      matches(/^(?:debug|info|warn|error|critical)$/),
    ),
    ['status'],
  ),
  always(rule('service is a text', RESERVED, ['service'], isText), ['service']),
  rule('host, which is the machine, is not that of a request', RESERVED, ['host'], () => false),
  rule('source, which is the integration, is not taken', RESERVED, ['source'], () => false),
  rule('message is a text', RESERVED, ['message'], isText),
  rule('duration is a whole number of nanoseconds', STANDARD, ['duration'], isCount),
  ...['http.url', 'http.method', 'http.request_id', 'http.useragent', 'http.referer', 'http.version'].map(
    (key) => rule(`${key} is a text`, STANDARD, key.split('.'), isText),
  ),
  rule('http.status_code is a number', STANDARD, ['http', 'status_code'], isCount),
  rule('http.url_details.host is a text', STANDARD, ['http', 'url_details', 'host'], isText),
  rule('http.url_details.port is a number', STANDARD, ['http', 'url_details', 'port'], isCount),
  rule('network.client.ip is a text', STANDARD, ['network', 'client', 'ip'], isText),
  rule(
    'network.bytes_written, from server to client, is a number',
    STANDARD,
    ['network', 'bytes_written'],
    isCount,
  ),
  ...['kind', 'message', 'stack'].map((key) =>
    rule(`error.${key} is a text`, STANDARD, ['error', key], isText),
  ),
  rule('dd.trace_id is 128 bits, hexadecimal', SPANS, ['dd', 'trace_id'], matches(/^[0-9a-f]{32}$/)),
  rule('dd.span_id is 64 bits, decimal', SPANS, ['dd', 'span_id'], matches(/^\d{1,20}$/)),
]

const LAMBDA_LEVELS = 'https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html'
const LAMBDA: readonly Rule[] = [
  always(
    rule(
      'level is a word by which Lambda filters',
      LAMBDA_LEVELS,
      ['level'],
      matches(/^(?:trace|debug|info|warn|error|fatal)$/),
    ),
    ['level'],
  ),
  always(rule('timestamp is RFC 3339', LAMBDA_LEVELS, ['timestamp'], matches(RFC_3339)), ['timestamp']),
]

const GRAFANA = 'https://grafana.com/docs/loki/latest/get-started/labels'
const LOKI: readonly Rule[] = [
  {
    name: 'the level is a text, and no field before it may be taken for one',
    source: `measured, and ${GRAFANA}`,
    holds: (line: Line) => Object.keys(line)[1] === 'level' && isText(line.level),
  },
]

describe.each([
  ['gcp', 'Google Cloud', GOOGLE],
  ['datadog', 'Datadog', DATADOG],
  ['json', 'AWS Lambda', LAMBDA],
  ['json', 'Loki', LOKI],
] as const)('%s, for %s', (format, _reader, rules) => {
  const samples = samplesOf(format)

  test.each(rules)('$name ($source)', (each) => {
    expect(breaches(each, samples)).toEqual([])
  })
})
