import { createWriteStream, readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { Environment } from '../src/environment.js'
import { showValue, WaybillError } from '../src/errors.js'
import type { Destination, Options } from '../src/options.js'
import {
  checkOptionNames,
  parseEventOptions,
  parseLoggerOptions,
  parseOwnLoggerOptions,
} from '../src/read-options.js'
import { newUuid } from '../src/request/id.js'
import { createRedactor } from '../src/request/redact.js'

const piped: Environment = { variables: {}, isTerminal: false, isSharedPipe: false, isJournal: false }
const atTerminal: Environment = { ...piped, isTerminal: true, variables: { TERM: 'xterm' } }

function parse(options: unknown, environment = piped): unknown {
  checkOptionNames(options)
  return { ...parseEventOptions(options as Options), ...parseLoggerOptions(options as Options, environment) }
}

function errorOf(action: () => unknown): WaybillError {
  try {
    action()
  } catch (error) {
    if (error instanceof WaybillError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

test('every option has a default', () => {
  expect(parse({})).toEqual({
    level: 'info',
    format: 'json',
    colors: false,
    terminal: {
      ...{ isShared: false, manyColors: false, columns: expect.any(Function), cwd: process.cwd() },
      isBelowOther: false,
    },
    summary: false,
    service: undefined,
    version: undefined,
    environment: undefined,
    project: undefined,
    priority: false,
    destination: undefined,
    maxLineBytes: 8000,
    maxHeldBytes: undefined,
    whenFull: undefined,
    ids: { headers: ['x-request-id'], trust: 'always', generate: newUuid },
    responseHeader: 'X-Request-Id',
    captures: [],
    startLevel: 'info',
    completionLevel: undefined,
    slowMs: Number.POSITIVE_INFINITY,
    context: true,
    propagation: { header: 'x-request-id', reach: [] },
    redactor: createRedactor([]),
    holdsStarts: true,
    quiet: [],
    sample: undefined,
    runningAfterMs: Number.POSITIVE_INFINITY,
    fields: undefined,
    levelFor: undefined,
    hold: undefined,
    failedBody: undefined,
  })
})

test('undefined means left out', () => {
  const leftOut = Object.fromEntries(
    [
      'level',
      'format',
      'destination',
      'maxHeldBytes',
      'whenFull',
      'maxLineBytes',
      'requestId',
      'include',
      'allowQuery',
      'startLevel',
      'completionLevel',
      'slow',
      'context',
      'propagate',
      'quiet',
      'sample',
      'runningAfter',
      'fields',
      'levelFor',
      'hold',
      'failedBody',
    ].map((name) => [name, undefined]),
  )
  expect(parse(leftOut)).toEqual(parse({}))
  const ids = { header: undefined, trust: undefined, generate: undefined, responseHeader: undefined }
  expect(parse({ requestId: ids })).toEqual(parse({}))
})

test('takes every option', () => {
  const destination = { write: () => {} }
  const completionLevel = () => 'info' as const
  const generate = () => 'id'
  const trust = () => true
  const options: Options = {
    level: 'silent',
    format: 'pretty',
    destination,
    maxLineBytes: 5000,
    requestId: { header: ['X-Request-ID', 'X-Correlation-ID'], trust, generate, responseHeader: false },
    include: ['query', 'client_ip', 'user_agent', 'host', 'referer', 'header:X-Tenant'],
    allowQuery: ['page'],
    startLevel: false,
    completionLevel,
    slow: 250,
    quiet: ['/health'],
    sample: 0.5,
    runningAfter: 5000,
  }
  expect(parse(options)).toMatchObject({
    level: 'silent',
    format: 'pretty',
    destination,
    maxLineBytes: 5000,
    ids: { headers: ['x-request-id', 'x-correlation-id'], trust, generate },
    responseHeader: undefined,
    captures: ['query', 'client_ip', 'user_agent', 'host', 'referer', 'header:x-tenant'].map((key) => ({
      key,
    })),
    startLevel: undefined,
    completionLevel,
    slowMs: 250,
    quiet: ['/health'],
    sample: { rate: 0.5, perRoute: 1 },
    runningAfterMs: 5000,
  })
})

const LEVEL_WORDS = '"trace", "debug", "info", "warn", "error", "fatal"'
const FORMAT_WORDS = '"json", "pretty", "logfmt", "ecs", "gcp", "datadog", "otel", "combined"'
const DETAIL_WORDS =
  'one of "query", "client_ip", "user_agent", "host", "referer", "request_bytes", "first_byte_ms", "header:<name>" or "response:<name>"'

test.each([
  [{ levle: 'info' }, 'UNKNOWN', 'levle', 'unknown option "levle", did you mean "level"?'],
  [
    { completionLevl: 1 },
    'UNKNOWN',
    'completionLevl',
    'unknown option "completionLevl", did you mean "completionLevel"?',
  ],
  [
    { start_level: 'info' },
    'UNKNOWN',
    'start_level',
    'unknown option "start_level", did you mean "startLevel"?',
  ],
  [
    { responseHeader: false },
    'UNKNOWN',
    'responseHeader',
    'unknown option "responseHeader", did you mean "requestId.responseHeader"?',
  ],
  [
    { requestId: { trsut: 'never' } },
    'UNKNOWN',
    'requestId.trsut',
    'unknown option "requestId.trsut", did you mean "requestId.trust"?',
  ],
  [
    { requestId: { format: 'uuid' } },
    'UNKNOWN',
    'requestId.format',
    'unknown option "requestId.format", did you mean "format"?',
  ],
  [
    { colours: true },
    'UNKNOWN',
    'colours',
    'unknown option "colours"; the options are level, format, service, version, environment, googleProject, journalPriority, destination, maxHeldBytes, whenFull, maxLineBytes, redact, requestId, include, allowQuery, slow, context, propagate, startLevel, completionLevel, quiet, sample, runningAfter, fields, levelFor, hold, failedBody',
  ],
  [
    { requestId: { nope: 'x' } },
    'UNKNOWN',
    'requestId.nope',
    'unknown option "requestId.nope"; the options are requestId.header, requestId.trust, requestId.generate, requestId.responseHeader',
  ],
  [
    { 'requestId.trust': 'never' },
    'UNKNOWN',
    'requestId.trust',
    'unknown option "requestId.trust", did you mean "requestId"?',
  ],
  ['pretty', 'TYPE', 'options', 'options must be an object, got "pretty"'],
  [null, 'TYPE', 'options', 'options must be an object, got null'],
  [[], 'TYPE', 'options', 'options must be an object, got an array'],
])('%j is refused: %s, %s', (options, kind, option, message) => {
  const error = errorOf(() => parse(options))
  expect(error).toMatchObject({
    name: 'WaybillError',
    code: `WAYBILL_ERR_OPTION_${kind}`,
    option,
    message: `waybill: ${message}`,
  })
})

test.each([
  [{ requestId: 'x-id' }, 'TYPE', 'requestId', 'an object, got "x-id"'],
  [{ level: 30 }, 'TYPE', 'level', `one of ${LEVEL_WORDS}, "silent", got 30`],
  [{ level: 'verbose' }, 'VALUE', 'level', `one of ${LEVEL_WORDS}, "silent", got "verbose"`],
  [
    { level: 'warning' },
    'VALUE',
    'level',
    `one of ${LEVEL_WORDS}, "silent", got "warning", did you mean "warn"?`,
  ],
  [
    { format: true },
    'TYPE',
    'format',
    `one of ${FORMAT_WORDS} or an object in the shape of a line, got true`,
  ],
  [
    { format: 'JSON' },
    'VALUE',
    'format',
    `one of ${FORMAT_WORDS} or an object in the shape of a line, got "JSON", did you mean "json"?`,
  ],
  [{ format: {} }, 'VALUE', 'format', 'an object with at least one key, got an object'],
  [
    { format: { '*': '$add' } },
    'VALUE',
    'format.*',
    '"$added" or "$included", got "$add", did you mean "$added"?',
  ],
  [{ destination: 1 }, 'TYPE', 'destination', 'an object with the function write(line), got 1'],
  [
    { destination: {} },
    'VALUE',
    'destination',
    'an object with the function write(line), got one without write',
  ],
  [
    { destination: createWriteStream('/dev/null') },
    'VALUE',
    'destination',
    'an object with the function write(line), got a stream to a file, which loses lines when the process exits; log to stdout and redirect that',
  ],
  [{ destination: null }, 'TYPE', 'destination', 'an object with the function write(line), got null'],
  [{ maxHeldBytes: '8MB' }, 'TYPE', 'maxHeldBytes', 'a whole number of bytes ≥ 8000, got "8MB"'],
  [{ maxHeldBytes: 100 }, 'VALUE', 'maxHeldBytes', 'a whole number of bytes ≥ 8000, got 100'],
  [{ maxLineBytes: 4095 }, 'VALUE', 'maxLineBytes', 'a whole number of bytes from 4096 to 8000, got 4095'],
  [{ maxLineBytes: 8001 }, 'VALUE', 'maxLineBytes', 'a whole number of bytes from 4096 to 8000, got 8001'],
  [
    { maxLineBytes: 5000.5 },
    'VALUE',
    'maxLineBytes',
    'a whole number of bytes from 4096 to 8000, got 5000.5',
  ],
  [{ maxLineBytes: '8 kB' }, 'TYPE', 'maxLineBytes', 'a whole number of bytes from 4096 to 8000, got "8 kB"'],
  [{ service: '' }, 'VALUE', 'service', 'a non-empty string, got ""'],
  [{ whenFull: 'wait' }, 'VALUE', 'whenFull', '"drop" or "block", got "wait"'],
  [
    { startLevel: true },
    'VALUE',
    'startLevel',
    `one of ${LEVEL_WORDS}, false or a function that returns a level, got true`,
  ],
  [
    { startLevel: 'silent' },
    'VALUE',
    'startLevel',
    `one of ${LEVEL_WORDS}, false or a function that returns a level, got "silent"`,
  ],
  [
    { completionLevel: 'info' },
    'TYPE',
    'completionLevel',
    'a function that returns a level or "silent", got "info"',
  ],
  [{ context: 'yes' }, 'TYPE', 'context', 'true or false, got "yes"'],
  [{ slow: 'x' }, 'TYPE', 'slow', 'a number of milliseconds ≥ 0, got "x"'],
  [{ slow: -5 }, 'VALUE', 'slow', 'a number of milliseconds ≥ 0, got -5'],
  [{ slow: Number.NaN }, 'VALUE', 'slow', 'a number of milliseconds ≥ 0, got NaN'],
  [{ include: 'query' }, 'TYPE', 'include', 'an array of request details, got "query"'],
  [{ include: ['cookies'] }, 'VALUE', 'include[0]', `${DETAIL_WORDS}, got "cookies"`],
  [
    { include: ['client-ip'] },
    'VALUE',
    'include[0]',
    `${DETAIL_WORDS}, got "client-ip", did you mean "client_ip"?`,
  ],
  [{ include: ['query', 7] }, 'TYPE', 'include[1]', `${DETAIL_WORDS}, got 7`],
  [{ include: ['header:a b'] }, 'VALUE', 'include[0]', `${DETAIL_WORDS}, got "header:a b"`],
  [{ include: ['host', 'host'] }, 'VALUE', 'include', 'an array of different items, got "host" twice'],
  [
    { include: ['header:X-A', 'header:x-a'] },
    'VALUE',
    'include',
    'an array of different items, got "header:x-a" twice',
  ],
  [{ include: ['query'], allowQuery: 'page' }, 'TYPE', 'allowQuery', 'an array of query keys, got "page"'],
  [
    { propagate: ['A.com'] },
    'VALUE',
    'propagate[0]',
    'a host in lower case, such as "api.shop.com" or "*.shop.com", got "A.com"',
  ],
  [
    { propagate: 1 },
    'TYPE',
    'propagate',
    'true or false, an array of hosts or a function of the host, got 1',
  ],
  [
    { requestId: { header: 'X Request' } },
    'VALUE',
    'requestId.header',
    'a header name or a non-empty array of header names, got "X Request"',
  ],
  [
    { requestId: { header: [] } },
    'VALUE',
    'requestId.header',
    'a header name or a non-empty array of header names, got an array',
  ],
  [
    { requestId: { header: ['ok', 'a\r\nb'] } },
    'VALUE',
    'requestId.header[1]',
    'a header name, got "a\\r\\nb"',
  ],
  [
    { requestId: { header: 7 } },
    'TYPE',
    'requestId.header',
    'a header name or a non-empty array of header names, got 7',
  ],
  [
    { requestId: { trust: true } },
    'TYPE',
    'requestId.trust',
    '"always" or "never" or a function of the request, got true',
  ],
  [
    { requestId: { trust: 'inside' } },
    'VALUE',
    'requestId.trust',
    '"always" or "never" or a function of the request, got "inside"',
  ],
  [
    { requestId: { generate: 'uuid' } },
    'TYPE',
    'requestId.generate',
    'a function that returns an id, got "uuid"',
  ],
  [
    { requestId: { responseHeader: true } },
    'VALUE',
    'requestId.responseHeader',
    'a header name that has no other use or false, got true',
  ],
  [
    { requestId: { responseHeader: 'Transfer-Encoding' } },
    'VALUE',
    'requestId.responseHeader',
    'a header name that has no other use or false, got "Transfer-Encoding"',
  ],
  [
    { requestId: { responseHeader: '' } },
    'VALUE',
    'requestId.responseHeader',
    'a header name that has no other use or false, got ""',
  ],
])('%j is refused: %s, %s must be what it is', (options, kind, option, must) => {
  const message = `waybill: option "${option}" must be ${must}`
  const error = errorOf(() => parse(options))
  expect(error).toMatchObject({ name: 'WaybillError', code: `WAYBILL_ERR_OPTION_${kind}`, option, message })
})

test.each([
  [
    { destination: { write: () => {} }, whenFull: 'drop' },
    'whenFull',
    'with a destination: it applies only to stdout',
  ],
  [{ allowQuery: ['page'] }, 'allowQuery', 'without include: ["query"]'],
  [{ propagate: true, context: false }, 'propagate', 'with context: false'],
])('%j is refused, because %s has no effect', (options, option, why) => {
  const message = `waybill: option "${option}" has no effect ${why}`
  const error = errorOf(() => parse(options))
  expect(error).toMatchObject({ code: 'WAYBILL_ERR_OPTION_UNUSED', option, message })
})

test('a format names a source that does not exist: the error says which one is near', () => {
  const { message } = errorOf(() => parse({ format: { t: '$tiem' } }))
  expect(message).toMatch(
    /^waybill: option "format\.t" must be a value, one of \$time, .*, got "\$tiem", did you mean "\$time"\?$/,
  )
})

test('slow: 0 marks every completion', () => {
  expect(parse({ slow: 0 })).toMatchObject({ slowMs: 0 })
})

test('the environment decides where an option is silent', () => {
  const variables = { LOG_LEVEL: 'DEBUG', LOG_FORMAT: 'pretty' }
  expect(parse({}, { ...piped, variables })).toMatchObject({ level: 'debug', format: 'pretty' })
  expect(parse({ level: 'warn', format: 'json' }, { ...piped, variables })).toMatchObject({
    level: 'warn',
    format: 'json',
  })
  expect(parse({}, { ...piped, variables: { LOG_LEVEL: '', LOG_FORMAT: '' } })).toMatchObject({
    level: 'info',
    format: 'json',
  })
})

test('a terminal gets the pretty format, unless the environment says otherwise', () => {
  const destination = { write: () => {} }
  expect(parse({ destination }, atTerminal)).toMatchObject({ format: 'json', colors: false })
  expect(parse({}, atTerminal)).toMatchObject({ format: 'pretty', colors: true })
  expect(parse({}, { ...atTerminal, variables: { LOG_FORMAT: 'json' } })).toMatchObject({ format: 'json' })
})

test('a wrong environment variable is refused by its name', () => {
  expect(errorOf(() => parse({}, { ...piped, variables: { LOG_FORMAT: 'xml' } }))).toMatchObject({
    code: 'WAYBILL_ERR_ENVIRONMENT',
    option: 'LOG_FORMAT',
    message: `waybill: environment variable "LOG_FORMAT" must be one of ${FORMAT_WORDS}, got "xml"`,
  })
})

test('LOG_SUMMARY is 0 or 1, wherever stdout leads', () => {
  for (const [LOG_SUMMARY, summary] of [
    ['', true],
    ['1', true],
    ['0', false],
  ] as const)
    expect(parse({}, { ...atTerminal, variables: { LOG_SUMMARY } })).toMatchObject({ summary })
  for (const environment of [piped, atTerminal])
    expect(errorOf(() => parse({}, { ...environment, variables: { LOG_SUMMARY: 'no' } }))).toMatchObject({
      code: 'WAYBILL_ERR_ENVIRONMENT',
      option: 'LOG_SUMMARY',
      message: 'waybill: environment variable "LOG_SUMMARY" must be "0" or "1", got "no"',
    })
  // No digit is near another.
  expect(errorOf(() => parse({}, { ...piped, variables: { LOG_SUMMARY: '2' } })).message).toMatch(/got "2"$/)
})

test('a summary is shown by the view in a terminal, at level info and below', () => {
  expect(parse({ level: 'debug' }, atTerminal)).toMatchObject({ summary: true })
  for (const options of [{ level: 'warn' }, { level: 'silent' }, { format: 'json' }] as const)
    expect(parse(options, atTerminal)).toMatchObject({ summary: false })
  expect(parse({ format: 'pretty' }, piped)).toMatchObject({ summary: false })
  const destination = { write: () => {} }
  expect(parse({ format: 'pretty', destination }, atTerminal)).toMatchObject({ summary: false })
})

test('a misspelt level in the environment is refused with the level that is near', () => {
  expect(errorOf(() => parse({}, { ...piped, variables: { LOG_LEVEL: 'inf' } }))).toMatchObject({
    code: 'WAYBILL_ERR_ENVIRONMENT',
    option: 'LOG_LEVEL',
    message: `waybill: environment variable "LOG_LEVEL" must be one of ${LEVEL_WORDS}, "silent", got "inf", did you mean "info"?`,
  })
})

test('the service is named by its own variable, else by the resource attributes', () => {
  const attributes =
    ' service.name = shop ,service.version=1%2C2,bad%,deployment.environment=old,service.version='
  const variables = { OTEL_RESOURCE_ATTRIBUTES: attributes, GOOGLE_CLOUD_PROJECT: 'Acme' }
  const named = { service: 'shop', version: '1,2', environment: 'old', project: 'Acme' }
  expect(parse({}, { ...piped, variables })).toMatchObject(named)
  expect(parse({}, { ...piped, variables: { ...variables, OTEL_SERVICE_NAME: 'Cart' } })).toMatchObject({
    ...named,
    service: 'Cart',
  })
  expect(parse({ service: 'own' }, { ...piped, variables })).toMatchObject({ ...named, service: 'own' })
})

test('in a pipe that a cluster shares, a line is no longer than Linux writes at once, unless it is asked for', () => {
  const shared = { ...piped, isSharedPipe: true }
  expect(parse({}, shared)).toMatchObject({ maxLineBytes: 4096 })
  expect(parse({ maxLineBytes: 8000 }, shared)).toMatchObject({ maxLineBytes: 8000 })
  expect(parse({ destination: { write: () => {} } }, shared)).toMatchObject({ maxLineBytes: 8000 })
})

test("an app's own logger decides what it decides", () => {
  expect(errorOf(() => parseOwnLoggerOptions({ format: 'pretty' }, piped))).toMatchObject({
    code: 'WAYBILL_ERR_OPTION_UNUSED',
    option: 'format',
    message: 'waybill: option "format" has no effect here: the app\'s own logger writes the lines',
  })
  expect(errorOf(() => parseOwnLoggerOptions({ level: 'info' }, piped)).message).toBe(
    'waybill: option "level" has no effect here: the app\'s own logger sets the level',
  )
  expect(parseOwnLoggerOptions({ level: undefined, maxLineBytes: 4096 }, piped)).toBe(4096)
})

test('every option has a row in the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const names = [{ nope: 1 }, { requestId: { nope: 1 } }].flatMap((options) =>
    errorOf(() => parse(options))
      .message.replace(/.*the options are /, '')
      .split(', '),
  )
  const rows = names.filter((name) => name !== 'requestId').map((name) => `| \`${name}\` |`)
  expect(rows.filter((row) => !readme.includes(row))).toEqual([])
})

test('a value with line breaks of any kind stays on one line of a message', () => {
  expect(showValue('a\u2028b\u0085c\nd')).toBe('"a\\u2028b\\u0085c\\nd"')
  expect(showValue(Symbol('a\u2029b'))).toBe('Symbol(a b)')
})

test.each<[string, Destination]>([
  ['process.stdout', process.stdout],
  ['a stream of the app', new PassThrough()],
  ['what pino writes to', pino.destination({ dest: '/dev/null', sync: true })],
  ['any object with the function', { write: () => {} }],
])('%s is a destination', (_what, destination) => {
  const { destination: parsed } = parse({ destination }) as Pick<Options, 'destination'>
  expect(parsed).toBe(destination)
})
