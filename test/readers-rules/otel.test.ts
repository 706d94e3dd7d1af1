import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { expect, test } from 'vitest'
import { at, completionOf, LIVES, samplesOf, whole } from './lines.js'

/** The attributes of the semantic conventions, stable and incubating. */
const ATTRIBUTES: ReadonlySet<unknown> = new Set(
  Object.entries(conventions)
    .filter(([name, value]) => name.startsWith('ATTR_') && typeof value === 'string')
    .map(([, value]) => value),
)
/** Names that end in a key of the user's: `http.request.header.<key>`. */
const HEADER = conventions.ATTR_HTTP_REQUEST_HEADER('')

/** What the semantic conventions have no attribute for. */
const OWN = [
  'http.request.id',
  // The name of a metric there, with its unit.
  conventions.METRIC_HTTP_SERVER_REQUEST_DURATION,
  'error.code',
  'outcome',
  'calls.count',
  'calls.total_ms',
  'calls.failed',
  'slow',
  'client_request_id',
  'request_id_rejected',
  'truncated',
]
/** What the samples add by themselves. */
const ADDED = [
  ...['user_id', 'cart.size', 'vip', 'tags', 'cart', 'ratio', 'long', 'list', 'n', 'nested', 'nothing'],
  ...[
    'err.statusCode',
    'err.body',
    'error.statusCode',
    'error.body',
    'error.type_',
    'request_id',
    'trace_id',
    'span_id',
  ],
  ...['level', 'timestamp', 'message', 'truncated_'],
]
/** The fields of the log data model: https://opentelemetry.io/docs/specs/otel/logs/data-model */
const MODEL = [
  'timestamp',
  'severity_text',
  'severity_number',
  'body',
  'trace_id',
  'span_id',
  'trace_flags',
  'resource',
  'attributes',
]

const samples = samplesOf('otel')

test.each(samples)(
  'otel: each attribute of $about is of the semantic conventions, or of waybill’s own',
  ({ line }) => {
    expect(Object.keys(line).filter((key) => !MODEL.includes(key))).toEqual([])
    const attributes = [...Object.keys(line.attributes ?? {}), ...Object.keys(line.resource ?? {})]
    const known = (key: string): boolean => ATTRIBUTES.has(key) || key.startsWith(HEADER)
    expect(attributes.filter((key) => !known(key) && !OWN.includes(key) && !ADDED.includes(key))).toEqual([])
  },
)

test('otel: no own attribute of waybill is in a semantic convention', () => {
  expect(OWN.filter((key) => ATTRIBUTES.has(key))).toEqual([])
})

test('otel: the types are those of the semantic conventions', () => {
  const line = completionOf('otel', whole)
  expect(line.attributes).toMatchObject({
    'http.request.method': 'GET',
    'http.route': '/users/:id',
    'url.path': '/users/42',
    'url.query': 'a=[redacted]',
    'http.response.status_code': 200,
    'http.response.body.size': 5_000_000_000,
    'http.server.request.duration': 0.012304,
    'network.protocol.version': '1.1',
    'client.address': '2001:db8::7',
    'server.address': 'shop.example',
    'server.port': 8080,
    'user_agent.original': 'curl/8',
    'http.request.header.x-shop': ['y'],
    'http.request.header.x.dot': ['z'],
    'http.request.header.referer': ['https://shop.example/'],
  })
})

test('otel: a method that is not known is _OTHER, with what it was beside it', () => {
  const { attributes } = completionOf('otel', LIVES['a request by HTTP/2, with a method of its own'] ?? whole)
  expect(attributes).toMatchObject({
    'http.request.method': conventions.HTTP_REQUEST_METHOD_VALUE_OTHER,
    'http.request.method_original': 'PURGE',
    'network.protocol.version': '2',
  })
  expect(completionOf('otel', whole).attributes).not.toHaveProperty(['http.request.method_original'])
})

test('otel: error.type is set only when the service failed, to a type or the status', () => {
  const errorType = (life = whole): unknown => at(completionOf('otel', life), 'attributes', 'error.type')
  expect(errorType()).toBeUndefined()
  expect(errorType(LIVES['a request that failed'])).toBe('TypeError')
  expect(errorType({ ...whole, status: 503 })).toBe('503')
  expect(errorType(LIVES['a request that was refused'])).toBeUndefined()
  expect(errorType({ ...whole, outcome: 'timeout', status: 408 })).toBe('timeout')
})
