import { expect, test } from 'vitest'
import { createLogger, type FormatName, type Template } from '../../src/index.js'
import { compileCaptures } from '../../src/request/details.js'
import { createRedactor } from '../../src/request/redact.js'
import { linesOf } from '../fuzz/events.js'
import { Capture } from '../support/capture.js'
import { formatOf } from '../support/format.js'

const captures = compileCaptures(
  ['query', 'client_ip', 'user_agent', 'header:x-shop'],
  [],
  createRedactor([]),
)

const arrival = {
  requestId: 'abc',
  idRejected: undefined,
  clientRequestId: 'theirs',
  method: 'PURGE',
  path: '/users/42',
  protocol: '1.1',
  trace: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', flags: '01' },
  pathCut: false,
  route: '/users/:id',
  captured: ['a=1', '10.0.0.7', 'curl "8"', 'y'],
}
const error = Object.assign(new TypeError('no such user'), {
  code: 'E_USER',
  stack: 'TypeError: no such user\n  at x',
})
const life = {
  arrival,
  added: [{ user_id: 42, 'cart.size': 3, cart: { items: [1] } }],
  thrown: [error],
  outcome: 'completed',
  status: 500,
  bytes: 27,
  calls: [
    [12.5, false],
    [0.25, true],
  ],
} as const
const service = { service: 'shop', version: '1.2.3', environment: 'production', project: 'acme' }

function eventsOf(format: FormatName | Template): [string, string] {
  return linesOf(life, formatOf({ format, ...service }, captures))
}

function logLineOf(format: FormatName | Template): string {
  const log = new Capture()
  const { project: googleProject, ...settings } = service
  const logger = createLogger({ destination: log, format, ...settings, googleProject })
  logger
    .child({ request_id: 'abc', trace_id: arrival.trace.traceId })
    .error({ err: error, n: 1 }, 'what happened')
  return log.raw.join('')
}

const TIME = '2026-11-23T10:00:00.000Z'

test('ecs: the keys, units and types of Elastic Common Schema, in its order', () => {
  const shared = {
    'ecs.version': '9.4.0',
    'service.name': 'shop',
    'service.version': '1.2.3',
    'service.environment': 'production',
    'event.kind': 'event',
  }
  const http = {
    'trace.id': arrival.trace.traceId,
    'span.id': arrival.trace.spanId,
    'http.request.id': 'abc',
    'http.request.method': 'PURGE',
    'http.version': '1.1',
    'url.path': '/users/42',
    'url.query': 'a=[redacted]',
    'client.address': '10.0.0.7',
    'client.ip': '10.0.0.7',
    'user_agent.original': 'curl "8"',
  }
  const [started, completed] = eventsOf('ecs').map((line) => JSON.parse(line))
  expect(started).toEqual({
    '@timestamp': TIME,
    'log.level': 'info',
    message: 'PURGE /users/42',
    ...shared,
    'event.category': ['web'],
    'event.type': ['access', 'start'],
    'event.action': 'request.started',
    ...http,
    'url.query': 'a=1',
    labels: { route: '/users/:id', client_request_id: 'theirs', trace_flags: '01', 'header:x-shop': 'y' },
  })
  expect(Object.keys(completed).slice(0, 4)).toEqual(['@timestamp', 'log.level', 'message', 'ecs.version'])
  expect(completed).toMatchObject({
    'event.type': ['access', 'end'],
    'event.outcome': 'failure',
    'event.duration': 0,
    'http.response.status_code': 500,
    'http.response.body.bytes': 27,
    'error.type': 'TypeError',
    'error.code': 'E_USER',
    'error.message': 'no such user',
    'error.stack_trace': 'TypeError: no such user\n  at x',
    labels: {
      outcome: 'completed',
      calls_count: 2,
      calls_total_ms: 12.75,
      calls_failed: 1,
      user_id: 42,
      cart_size: 3,
      cart: '{"items":[1]}',
    },
  })
  expect(JSON.parse(logLineOf('ecs'))).toEqual({
    '@timestamp': expect.any(String),
    'log.level': 'error',
    message: 'what happened',
    ...shared,
    'trace.id': arrival.trace.traceId,
    'http.request.id': 'abc',
    'error.type': 'TypeError',
    'error.code': 'E_USER',
    'error.message': 'no such user',
    'error.stack_trace': 'TypeError: no such user\n  at x',
    labels: { n: 1 },
  })
})

test('gcp: severity, httpRequest and traces as Google Cloud Logging has them', () => {
  const [started, completed] = eventsOf('gcp').map((line) => JSON.parse(line))
  const httpRequest = {
    requestMethod: 'PURGE',
    requestUrl: '/users/42',
    userAgent: 'curl "8"',
    remoteIp: '10.0.0.7',
    protocol: 'HTTP/1.1',
  }
  expect(started).toMatchObject({ severity: 'INFO', time: TIME, message: 'PURGE /users/42', httpRequest })
  expect(completed).toMatchObject({
    severity: 'ERROR',
    'logging.googleapis.com/trace': `projects/acme/traces/${arrival.trace.traceId}`,
    'logging.googleapis.com/spanId': arrival.trace.spanId,
    'logging.googleapis.com/trace_sampled': true,
    serviceContext: { service: 'shop', version: '1.2.3' },
    httpRequest: { ...httpRequest, status: 500, responseSize: '27', latency: '0.000000s' },
    error: { type: 'TypeError', code: 'E_USER', message: 'no such user' },
    stack_trace: 'TypeError: no such user\n  at x',
    calls: { count: 2, total_ms: 12.75, failed: 1 },
    user_id: 42,
    cart: { items: [1] },
  })
  expect(JSON.parse(logLineOf('gcp'))).toMatchObject({
    severity: 'ERROR',
    message: 'what happened',
    'logging.googleapis.com/trace': `projects/acme/traces/${arrival.trace.traceId}`,
    request_id: 'abc',
    stack_trace: 'TypeError: no such user\n  at x',
    n: 1,
  })
})

test('datadog: its standard attributes, with the duration in nanoseconds', () => {
  const [, completed] = eventsOf('datadog').map((line) => JSON.parse(line))
  expect(completed).toMatchObject({
    timestamp: TIME,
    status: 'error',
    service: 'shop',
    env: 'production',
    dd: { trace_id: arrival.trace.traceId, span_id: '67667974448284343' },
    http: { request_id: 'abc', method: 'PURGE', url: '/users/42', status_code: 500, useragent: 'curl "8"' },
    network: { client: { ip: '10.0.0.7' }, bytes_written: 27 },
    duration: 0,
    calls: { count: 2, total_ms: 12.75, failed: 1 },
    error: { kind: 'TypeError', message: 'no such user', stack: 'TypeError: no such user\n  at x' },
    user_id: 42,
  })
  expect(JSON.parse(logLineOf('datadog'))).toMatchObject({
    status: 'error',
    http: { request_id: 'abc' },
    n: 1,
  })
})

test('otel: severity numbers, and the attributes of the semantic conventions', () => {
  const [, completed] = eventsOf('otel').map((line) => JSON.parse(line))
  expect(completed).toMatchObject({
    timestamp: TIME,
    severity_text: 'ERROR',
    severity_number: 17,
    body: 'PURGE /users/42 500 0ms',
    trace_id: arrival.trace.traceId,
    resource: { 'service.name': 'shop', 'deployment.environment.name': 'production' },
    attributes: {
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PURGE',
      'http.route': '/users/:id',
      'http.response.status_code': 500,
      'http.server.request.duration': 0,
      'error.type': 'TypeError',
      'calls.count': 2,
      'calls.total_ms': 12.75,
      'calls.failed': 1,
      user_id: 42,
      cart: { items: [1] },
    },
  })
  expect(JSON.parse(logLineOf('otel'))).toMatchObject({ severity_number: 17, attributes: { n: 1 } })
})

test('logfmt: one flat line, quoted where it must be', () => {
  const [started, completed] = eventsOf('logfmt')
  expect(started).toBe(
    `time="${TIME}" level=info service=shop version=1.2.3 environment=production event=request.started request_id=abc client_request_id=theirs trace_id=${arrival.trace.traceId} span_id=${arrival.trace.spanId} trace_flags=01 method=PURGE path=/users/42 route=/users/:id query="a=1" client_ip=10.0.0.7 user_agent="curl \\"8\\"" header:x-shop=y msg="PURGE /users/42"\n`,
  )
  expect(completed).toContain(' response_bytes=27 calls.count=2 calls.total_ms=12.75 calls.failed=1 error.')
  expect(completed).toContain(
    ' error.type=TypeError error.code=E_USER error.message="no such user" error.stack="TypeError: no such user\\n  at x" ',
  )
  expect(completed).toMatch(/ user_id=42 cart.size=3 cart="\{\\"items\\":\[1\]\}"\n$/)
  expect(logLineOf('logfmt')).toMatch(/^time="\S+" level=error service=shop .* msg="what happened" n=1\n$/)
})

test('combined: the access log of Apache, for completions only', () => {
  const [started, completed] = eventsOf('combined')
  expect(started).toBe('')
  expect(completed).toBe(
    '10.0.0.7 - - [23/Nov/2026:10:00:00 +0000] "PURGE /users/42?a=1 HTTP/1.1" 500 27 "-" "curl \\x228\\x22"\n',
  )
})

test('a custom format has the shape of its template', () => {
  const format = {
    t: '$time:epoch_ms',
    lvl: '$level:upper',
    kind: 'shop',
    id: '$request_id',
    http: { verb: '$method', code: '$status', seconds: '$duration:s', us: '$duration:us' },
    text: '$message',
    '*': '$added',
  }
  const [started, completed] = eventsOf(format)
  expect(started).toBe(
    `{"t":${Date.parse(TIME)},"lvl":"INFO","kind":"shop","id":"abc","http":{"verb":"PURGE"},"text":"PURGE /users/42"}\n`,
  )
  expect(JSON.parse(completed)).toEqual({
    t: Date.parse(TIME),
    lvl: 'ERROR',
    kind: 'shop',
    id: 'abc',
    http: { verb: 'PURGE', code: 500, seconds: 0, us: 0 },
    text: 'PURGE /users/42 500 0ms',
    user_id: 42,
    'cart.size': 3,
    cart: { items: [1] },
  })
  expect(JSON.parse(logLineOf(format))).toMatchObject({
    lvl: 'ERROR',
    id: 'abc',
    text: 'what happened',
    n: 1,
  })
})

/** A format that nests so deep. */
function nested(depth: number): object {
  let format: object = { a: '$time' }
  for (let level = 0; level < depth; level++) format = { a: format }
  return format
}

test.each([
  [{ t: '$tiem' }, 'VALUE', 'format.t'],
  [{ t: '$time:epoch' }, 'VALUE', 'format.t'],
  [{ http: { status: '$status:s' } }, 'VALUE', 'format.http.status'],
  [{ t: '$constructor' }, 'VALUE', 'format.t'],
  [{ '*': '$time' }, 'VALUE', 'format.*'],
  [{ '*': '$added:s' }, 'VALUE', 'format.*'],
  [{ custom: '$added' }, 'VALUE', 'format.custom'],
  [{ t: null }, 'TYPE', 'format.t'],
  [{ t: () => 1 }, 'TYPE', 'format.t'],
  [{ t: [1] }, 'TYPE', 'format.t'],
  [{}, 'VALUE', 'format'],
  [nested(60), 'VALUE', `format${'.a'.repeat(50)}`],
])('the format %j is refused: %s, %s', (format, kind, option) => {
  const attempt = (): unknown => createLogger({ format: format as unknown as Template })
  expect(attempt).toThrow(
    expect.objectContaining({ name: 'WaybillError', code: `WAYBILL_ERR_OPTION_${kind}`, option }),
  )
})

test.each(['json', 'logfmt', 'ecs', 'gcp', 'datadog', 'otel', 'combined'] as const)(
  '%s: each line begins with its priority for the journal, and is no longer for it',
  (format) => {
    const long = {
      ...life,
      arrival: { ...arrival, path: `/${'x'.repeat(2999)}` },
      added: [{ long: 'y'.repeat(9000) }],
    }
    const [started, completed] = linesOf(long, formatOf({ format, ...service, priority: true }, captures))
    if (format !== 'combined') expect(started.slice(0, 3)).toBe('<6>')
    expect(completed.slice(0, 3)).toBe('<3>')
    expect(Buffer.byteLength(completed)).toBeLessThanOrEqual(8000)
    const log = new Capture()
    createLogger({ format, destination: log, journalPriority: true }).warn('x')
    // Those of combined go to stderr, which is not what the journal reads.
    expect(log.raw.join('').slice(0, 3)).toBe(format === 'combined' ? '{"t' : '<4>')
  },
)

test.each([
  ['json', { truncated: true }],
  ['ecs', { labels: { truncated: 'true' } }],
  ['gcp', { truncated: true }],
  ['datadog', { truncated: true }],
  ['otel', { attributes: { truncated: true } }],
] as const)('%s: a line that was cut says so where its reader looks', (format, mark) => {
  const [, completed] = linesOf(
    { ...life, added: [{ long: 'y'.repeat(9000) }] },
    formatOf({ format }, captures),
  )
  expect(JSON.parse(completed)).toMatchObject(mark)
  expect(Buffer.byteLength(completed)).toBeLessThanOrEqual(8000)
})
