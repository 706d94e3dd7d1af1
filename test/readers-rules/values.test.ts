import { expect, test } from 'vitest'
import { at, completionOf, LIVES, loggedAt, whole } from './lines.js'

const HOUR_MS = 3_600_000

test.each([
  [0, 0, '0.000000s', 0],
  [0.001, 1000, '0.000001s', 0.000001],
  [0.07, 70_000, '0.000070s', 0.00007],
  [0.999, 999_000, '0.000999s', 0.000999],
  [12.304, 12_304_000, '0.012304s', 0.012304],
  [1001.001, 1_001_001_000, '1.001001s', 1.001001],
  [59_999.999, 59_999_999_000, '59.999999s', 59.999999],
  [5 * HOUR_MS + 0.123, 18_000_000_123_000, '18000.000123s', 18_000.000123],
  [30 * 24 * HOUR_MS + 1.5, 2_592_000_001_500_000, '2592000.001500s', 2_592_000.0015],
])(
  'a request of %d ms took %d nanoseconds, for Google %s, for OpenTelemetry %d seconds',
  (ms, ns, google, s) => {
    expect(completionOf('ecs', whole, ms)['event.duration']).toBe(ns)
    expect(completionOf('datadog', whole, ms).duration).toBe(ns)
    expect(at(completionOf('gcp', whole, ms), 'httpRequest', 'latency')).toBe(google)
    expect(at(completionOf('otel', whole, ms), 'attributes', 'http.server.request.duration')).toBe(s)
    expect(completionOf('json', whole, ms).duration_ms).toBe(ms)
  },
)

test.each([
  ['trace', 'trace', 'DEBUG', 'debug', 'TRACE', 1],
  ['debug', 'debug', 'DEBUG', 'debug', 'DEBUG', 5],
  ['info', 'info', 'INFO', 'info', 'INFO', 9],
  ['warn', 'warn', 'WARNING', 'warn', 'WARN', 13],
  ['error', 'error', 'ERROR', 'error', 'ERROR', 17],
  ['fatal', 'fatal', 'CRITICAL', 'critical', 'FATAL', 21],
] as const)('the level %s has the word of each reader', (level, ecs, gcp, datadog, otel, number) => {
  expect(loggedAt('json', level).level).toBe(level)
  expect(loggedAt('ecs', level)['log.level']).toBe(ecs)
  expect(loggedAt('gcp', level).severity).toBe(gcp)
  expect(loggedAt('datadog', level).status).toBe(datadog)
  expect(loggedAt('otel', level)).toMatchObject({ severity_text: otel, severity_number: number })
})

test('the size of a response is a number, and for Google the text of an int64', () => {
  expect(completionOf('json', whole).response_bytes).toBe(5_000_000_000)
  expect(completionOf('ecs', whole)['http.response.body.bytes']).toBe(5_000_000_000)
  expect(at(completionOf('datadog', whole), 'network', 'bytes_written')).toBe(5_000_000_000)
  expect(at(completionOf('gcp', whole), 'httpRequest', 'responseSize')).toBe('5000000000')
})

test.each([
  ['completed', 200, 'success'],
  ['completed', 404, 'success'],
  ['completed', 500, 'failure'],
  ['rejected', 400, 'success'],
  ['rejected', 503, 'failure'],
  ['upgraded', 101, 'success'],
  ['aborted', 499, 'failure'],
  ['timeout', 408, 'failure'],
  ['destroyed', 200, 'failure'],
  ['unfinished', undefined, 'unknown'],
] as const)('a request that was %s with %s has the event.outcome %s', (outcome, status, result) => {
  expect(completionOf('ecs', { ...whole, outcome, status })['event.outcome']).toBe(result)
})

test('an invalid client address or host is omitted', () => {
  const life = LIVES['a request through a proxy that makes things up'] ?? whole
  const line = completionOf('ecs', life)
  expect(line).toMatchObject({ 'client.address': 'unknown', 'url.domain': 'a:b:c' })
  expect(line).not.toHaveProperty(['client.ip'])
  expect(line).not.toHaveProperty(['url.port'])
})

test.each([
  ['shop.example', 'shop.example', undefined],
  ['shop.example:8080', 'shop.example', 8080],
  ['[2001:db8::7]:443', '[2001:db8::7]', 443],
  ['shop.example:99999', 'shop.example', undefined],
])('the host %s is %s with port %s', (host, name, port) => {
  const { arrival } = whole
  const captured = arrival.captured.map((each, index) => (index === 3 ? host : each))
  const line = completionOf('ecs', { ...whole, arrival: { ...arrival, captured } })
  expect([line['url.domain'], line['url.port']]).toEqual([name, port])
})
