import { expect, test } from 'vitest'
import { createLogger, type FormatName, type Template } from '../../src/index.js'
import { parseStrict } from '../fuzz/strict-json.js'
import { Capture, type Line } from '../support/capture.js'

/** The line that a logger writes of what it is given, as text and read. */
function lineOf(format: FormatName | Template, given: object): { text: string; line: Line } {
  const log = new Capture()
  createLogger({ destination: log, format }).error(given, 'what happened')
  const [text = ''] = log.raw
  return { text, line: format === 'logfmt' ? {} : JSON.parse(text) }
}

const NotFound = Object.assign(new TypeError('no such user'), {
  code: 'E_USER',
  statusCode: 404,
  stack: 'at x',
})

test('a logged error keeps its own properties beside those of the format', () => {
  expect(lineOf('ecs', NotFound).line).toMatchObject({
    'error.type': 'TypeError',
    labels: { error_statusCode: 404 },
  })
  expect(lineOf('gcp', NotFound).line).toMatchObject({
    error: { type: 'TypeError', code: 'E_USER', message: 'no such user' },
    stack_trace: 'at x',
    'error.statusCode': 404,
  })
  expect(lineOf('datadog', NotFound).line).toMatchObject({
    error: { kind: 'TypeError', code: 'E_USER', message: 'no such user', stack: 'at x' },
    'error.statusCode': 404,
  })
  expect(lineOf('otel', NotFound).line).toMatchObject({
    attributes: { 'exception.type': 'TypeError', 'error.statusCode': 404 },
  })
  expect(lineOf('logfmt', NotFound).text).toContain(' error.type=TypeError error.code=E_USER ')
  expect(lineOf('logfmt', NotFound).text).toMatch(/ error\.statusCode=404\n$/)
})

test('an error is complete in the place that its format has for it, and nowhere else', () => {
  const format: Template = { msg: '$message', failure: '$error', '*': '$added' }
  const { text, line } = lineOf(format, NotFound)
  expect(line.failure).toMatchObject({ type: 'TypeError', code: 'E_USER', statusCode: 404, stack: 'at x' })
  expect(Object.keys(line)).toEqual(['msg', 'failure'])
  expect(text.match(/404/g)).toHaveLength(1)
})

test('an error that is a string becomes the message of an error', () => {
  expect(lineOf('ecs', { error: 'refused' }).line).toMatchObject({ 'error.message': 'refused' })
  expect(lineOf('gcp', { error: 'refused' }).line).toMatchObject({ error: { message: 'refused' } })
})

test.each(['json', 'logfmt', 'ecs', 'gcp', 'datadog', 'otel'] as const)(
  '%s: a field that is called timestamp or level is a field like any other',
  (format) => {
    const { text } = lineOf(format, { timestamp: 'long ago', level: 9000 })
    const { text: plain } = lineOf(format, {})
    const keys = (line: string): string[] => line.match(/"?[\w@.]+"?[:=]/g) ?? []
    expect(text).toContain('long ago')
    expect(text).toContain('9000')
    expect(keys(text).slice(0, 3)).toEqual(keys(plain).slice(0, 3))
  },
)

test('a field whose name is taken is renamed', () => {
  expect(lineOf('gcp', { severity: 'DEBUG', request_id: { a: 1 } }).line).toMatchObject({
    severity: 'ERROR',
    severity_: 'DEBUG',
    request_id_: { a: 1 },
  })
  expect(lineOf('ecs', { 'a.b': 1, a_b: 2 }).line.labels).toEqual({ a_b: 1, a_b_: 2 })
  expect(lineOf('logfmt', { 'a b': 1, a_b: 2, 'error.type': 'x', err: NotFound }).text).toMatch(
    / error\.type=TypeError .* error\.statusCode=404 a_b=1 a_b_=2 error\.type_=x\n$/,
  )
  expect(lineOf('json', { level: 'info', timestamp: 0 }).line).toMatchObject({
    level: 'error',
    level_: 'info',
    timestamp_: 0,
  })
})

test('a field may have the name of a property of Object.prototype', () => {
  const given = JSON.parse('{"__proto__":{"a":1},"hasOwnProperty":"message","constructor":true}')
  expect(lineOf('gcp', given).text).toContain(
    '"__proto__":{"a":1},"hasOwnProperty":"message","constructor":true}',
  )
})

test('a trace field that is not a valid id is logged as an ordinary field', () => {
  expect(lineOf('ecs', { trace_id: { a: 1 }, span_id: 5 }).line).toMatchObject({
    labels: { trace_id: '{"a":1}', span_id: 5 },
  })
})

test('an error that throws when it is read loses its properties, not the line', () => {
  const broken = Object.assign(new RangeError('too far'), { whole: 1 })
  Object.defineProperty(broken, 'broken', {
    enumerable: true,
    get() {
      throw new Error('read')
    },
  })
  const log = new Capture()
  const logger = createLogger({ destination: log, format: 'json' })
  logger.error(broken)
  logger.error({ err: broken }, 'as err')
  logger.error({ err: null }, 'no error')
  expect(log.lines).toMatchObject([
    { error: { type: 'RangeError', message: 'too far', stack: expect.any(String) }, message: 'too far' },
    { error: { type: 'RangeError', message: 'too far' }, message: 'as err' },
    { error: null, message: 'no error' },
  ])
})

test("json: waybill's own fields appear once and can not be forged by the app", () => {
  const log = new Capture()
  const logger = createLogger({ destination: log, format: 'json', service: 'shop' })
  const request = logger.child({ request_id: 'abc' })
  request.info(
    { request_id: 'forged', service: 'x', message: 'not this', nested: { message: '"},{[' } },
    'real \\ "one"',
  )
  request.info({ request_id: 1, request_id_: 2 }, 'again')
  for (const line of log.raw) parseStrict(line.slice(0, -1))
  expect(log.lines).toMatchObject([
    {
      level: 'info',
      service: 'shop',
      request_id: 'abc',
      request_id_: 'forged',
      service_: 'x',
      message_: 'not this',
      nested: { message: '"},{[' },
      message: 'real \\ "one"',
    },
    { request_id: 'abc', message: 'again' },
  ])
})
