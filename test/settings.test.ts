import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { WaybillError } from '../src/errors.js'
import type { Options } from '../src/options.js'
import { newUuid } from '../src/request/id.js'
import {
  checkOptionNames,
  parseEventOptions,
  parseLoggerOptions,
  refuseLoggerOptions,
  type Surroundings,
} from '../src/settings.js'

const piped: Surroundings = { env: {}, terminal: false, sharedPipe: false, journal: false }
const atTerminal: Surroundings = { ...piped, terminal: true }

function parse(options: unknown, surroundings = piped): unknown {
  checkOptionNames(options)
  return { ...parseEventOptions(options as Options), ...parseLoggerOptions(options as Options, surroundings) }
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
  })
})

const LEVEL_WORDS = "'trace', 'debug', 'info', 'warn', 'error', 'fatal'"

test.each([
  [
    { levle: 'info' },
    'UNKNOWN',
    'levle',
    'option levle is unknown, got "info"; known are level, format, service, version, environment, googleProject, journalPriority, destination, maxHeldBytes, whenFull, maxLineBytes, requestId, include, allowQuery, startLevel, completionLevel, slow, context, propagate',
  ],
  [
    { requestId: { headers: 'x' } },
    'UNKNOWN',
    'requestId.headers',
    'option requestId.headers is unknown, got "x"; known are header, trust, generate, responseHeader',
  ],
  ['pretty', 'TYPE', 'options', 'options takes an object, got "pretty"'],
  [null, 'TYPE', 'options', 'options takes an object, got null'],
  [{ requestId: 'x-id' }, 'TYPE', 'requestId', 'requestId takes an object, got "x-id"'],
  [{ level: 30 }, 'TYPE', 'level', `option level takes ${LEVEL_WORDS}, 'silent', got 30`],
  [{ level: 'verbose' }, 'VALUE', 'level', `option level takes ${LEVEL_WORDS}, 'silent', got "verbose"`],
  [
    { format: true },
    'TYPE',
    'format',
    "option format takes 'json', 'pretty', 'logfmt', 'ecs', 'gcp', 'datadog', 'otel', 'combined' or an object in the shape of a line, got true",
  ],
  [
    { format: 'JSON' },
    'VALUE',
    'format',
    `option format takes 'json', 'pretty', 'logfmt', 'ecs', 'gcp', 'datadog', 'otel', 'combined' or an object in the shape of a line, got "JSON"`,
  ],
  [
    { destination: 1 },
    'TYPE',
    'destination',
    'option destination takes an object with a function write(line), got 1',
  ],
  [
    { destination: {} },
    'VALUE',
    'destination',
    'option destination takes an object with a function write(line), got an object',
  ],
  [
    { maxHeldBytes: '8MB' },
    'TYPE',
    'maxHeldBytes',
    'option maxHeldBytes takes a whole number of bytes, 8000 or more, got "8MB"',
  ],
  [
    { maxHeldBytes: 100 },
    'VALUE',
    'maxHeldBytes',
    'option maxHeldBytes takes a whole number of bytes, 8000 or more, got 100',
  ],
  [
    { destination: null },
    'TYPE',
    'destination',
    'option destination takes an object with a function write(line), got null',
  ],
  [
    { maxLineBytes: 4095 },
    'VALUE',
    'maxLineBytes',
    'option maxLineBytes takes a whole number of bytes, 4096 to 8000, got 4095',
  ],
  [
    { maxLineBytes: 8001 },
    'VALUE',
    'maxLineBytes',
    'option maxLineBytes takes a whole number of bytes, 4096 to 8000, got 8001',
  ],
  [
    { maxLineBytes: 5000.5 },
    'VALUE',
    'maxLineBytes',
    'option maxLineBytes takes a whole number of bytes, 4096 to 8000, got 5000.5',
  ],
  [
    { maxLineBytes: '8 kB' },
    'TYPE',
    'maxLineBytes',
    'option maxLineBytes takes a whole number of bytes, 4096 to 8000, got "8 kB"',
  ],
  [{ whenFull: 'wait' }, 'VALUE', 'whenFull', `option whenFull takes 'drop', 'block', got "wait"`],
  [
    { destination: { write: () => {} }, whenFull: 'drop' },
    'UNUSED',
    'whenFull',
    'option whenFull takes nothing beside destination, which is not stdout, got "drop"',
  ],
  [{ startLevel: true }, 'VALUE', 'startLevel', `option startLevel takes ${LEVEL_WORDS} or false, got true`],
  [
    { startLevel: 'silent' },
    'VALUE',
    'startLevel',
    `option startLevel takes ${LEVEL_WORDS} or false, got "silent"`,
  ],
  [
    { completionLevel: 'info' },
    'TYPE',
    'completionLevel',
    'option completionLevel takes a function that returns a level, got "info"',
  ],
  [{ context: 'yes' }, 'TYPE', 'context', 'option context takes true or false, got "yes"'],
  [{ slow: '1s' }, 'TYPE', 'slow', 'option slow takes a number of milliseconds above 0, got "1s"'],
  [{ slow: 0 }, 'VALUE', 'slow', 'option slow takes a number of milliseconds above 0, got 0'],
  [{ slow: -5 }, 'VALUE', 'slow', 'option slow takes a number of milliseconds above 0, got -5'],
  [{ slow: Number.NaN }, 'VALUE', 'slow', 'option slow takes a number of milliseconds above 0, got NaN'],
  [
    { include: 'query' },
    'TYPE',
    'include',
    `option include takes an array, each item 'query', 'client_ip', 'user_agent', 'host', 'referer' or 'header:<name>', got "query"`,
  ],
  [
    { include: ['cookies'] },
    'VALUE',
    'include[0]',
    `option include[0] takes 'query', 'client_ip', 'user_agent', 'host', 'referer' or 'header:<name>', got "cookies"`,
  ],
  [
    { include: ['query', 7] },
    'TYPE',
    'include[1]',
    `option include[1] takes 'query', 'client_ip', 'user_agent', 'host', 'referer' or 'header:<name>', got 7`,
  ],
  [
    { include: ['header:a b'] },
    'VALUE',
    'include[0]',
    `option include[0] takes 'query', 'client_ip', 'user_agent', 'host', 'referer' or 'header:<name>', got "header:a b"`,
  ],
  [
    { include: ['host', 'host'] },
    'VALUE',
    'include',
    'option include takes each item once, got "host" again at 1',
  ],
  [
    { include: ['header:X-A', 'header:x-a'] },
    'VALUE',
    'include',
    'option include takes each item once, got "header:x-a" again at 1',
  ],
  [
    { allowQuery: ['page'] },
    'UNUSED',
    'allowQuery',
    "option allowQuery takes nothing without include: ['query'], got an array",
  ],
  [
    { include: ['query'], allowQuery: 'page' },
    'TYPE',
    'allowQuery',
    'option allowQuery takes an array, each item a query key, got "page"',
  ],
  [
    { requestId: { header: 'X Request' } },
    'VALUE',
    'requestId.header',
    'option requestId.header takes a header name or an array of them, got "X Request"',
  ],
  [
    { requestId: { header: [] } },
    'VALUE',
    'requestId.header',
    'option requestId.header takes a header name or an array of them, got an array',
  ],
  [
    { requestId: { header: ['ok', 'a\r\nb'] } },
    'VALUE',
    'requestId.header[1]',
    'option requestId.header[1] takes a header name, got "a\\r\\nb"',
  ],
  [
    { requestId: { header: 7 } },
    'TYPE',
    'requestId.header',
    'option requestId.header takes a header name or an array of them, got 7',
  ],
  [
    { requestId: { trust: true } },
    'TYPE',
    'requestId.trust',
    "option requestId.trust takes 'always', 'never' or a function of the request, got true",
  ],
  [
    { requestId: { trust: 'inside' } },
    'VALUE',
    'requestId.trust',
    `option requestId.trust takes 'always', 'never' or a function of the request, got "inside"`,
  ],
  [
    { requestId: { generate: 'uuid' } },
    'TYPE',
    'requestId.generate',
    'option requestId.generate takes a function that returns an id, got "uuid"',
  ],
  [
    { requestId: { responseHeader: true } },
    'VALUE',
    'requestId.responseHeader',
    'option requestId.responseHeader takes the name of a header of its own or false, got true',
  ],
  [
    { requestId: { responseHeader: 'Transfer-Encoding' } },
    'VALUE',
    'requestId.responseHeader',
    'option requestId.responseHeader takes the name of a header of its own or false, got "Transfer-Encoding"',
  ],
  [
    { requestId: { responseHeader: '' } },
    'VALUE',
    'requestId.responseHeader',
    'option requestId.responseHeader takes the name of a header of its own or false, got ""',
  ],
])('%j is refused: %s, %s', (options, kind, option, message) => {
  const error = errorOf(() => parse(options))
  expect(error).toMatchObject({ name: 'WaybillError', code: `WAYBILL_ERR_OPTION_${kind}`, option, message })
})

test('the environment decides where an option is silent', () => {
  const env = { LOG_LEVEL: 'DEBUG', LOG_FORMAT: 'pretty' }
  expect(parse({}, { ...piped, env })).toMatchObject({ level: 'debug', format: 'pretty' })
  expect(parse({ level: 'warn', format: 'json' }, { ...piped, env })).toMatchObject({
    level: 'warn',
    format: 'json',
  })
  expect(parse({}, { ...piped, env: { LOG_LEVEL: '', LOG_FORMAT: '' } })).toMatchObject({
    level: 'info',
    format: 'json',
  })
})

test('a terminal gets the pretty format, unless the environment says otherwise', () => {
  const destination = { write: () => {} }
  expect(parse({ destination }, atTerminal)).toMatchObject({ format: 'json', colors: false })
  expect(parse({}, atTerminal)).toMatchObject({ format: 'pretty', colors: true })
  expect(parse({}, { ...atTerminal, env: { LOG_FORMAT: 'json' } })).toMatchObject({ format: 'json' })
})

test('a wrong environment variable is refused by its name', () => {
  expect(errorOf(() => parse({}, { ...piped, env: { LOG_FORMAT: 'xml' } }))).toMatchObject({
    code: 'WAYBILL_ERR_ENVIRONMENT',
    option: 'LOG_FORMAT',
    message: `environment variable LOG_FORMAT takes 'json', 'pretty', 'logfmt', 'ecs', 'gcp', 'datadog', 'otel', 'combined', got "xml"`,
  })
})

test('in a pipe that a cluster shares, a line is no longer than Linux writes at once, unless it is asked for', () => {
  const shared = { ...piped, sharedPipe: true }
  expect(parse({}, shared)).toMatchObject({ maxLineBytes: 4096 })
  expect(parse({ maxLineBytes: 8000 }, shared)).toMatchObject({ maxLineBytes: 8000 })
  expect(parse({ destination: { write: () => {} } }, shared)).toMatchObject({ maxLineBytes: 8000 })
})

test("an app's own logger decides what it decides", () => {
  expect(errorOf(() => refuseLoggerOptions({ format: 'pretty' }))).toMatchObject({
    code: 'WAYBILL_ERR_OPTION_UNUSED',
    option: 'format',
    message: 'option format takes nothing on an app with its own logger, which decides it, got "pretty"',
  })
  expect(() => refuseLoggerOptions({ level: undefined, maxLineBytes: 4096 })).not.toThrow()
})

test('every option has a row in the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  for (const [group, prefix] of [
    [{ nope: 1 }, ''],
    [{ requestId: { nope: 1 } }, 'requestId.'],
  ] as const) {
    const known = errorOf(() => parse(group))
      .message.replace(/.*known are /, '')
      .split(', ')
    const rows = known.filter((name) => name !== 'requestId').map((name) => `| \`${prefix}${name}\` |`)
    expect(rows.filter((row) => !readme.includes(row))).toEqual([])
  }
})

test('every error code and warning code stands in the README and the other way round', () => {
  const code = /WAYBILL_(?:ERR|WARN)_[A-Z_]+/g
  const source = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8')
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const unique = (text: string): string[] => [...new Set(text.match(code))].sort()
  expect(unique(readme)).toEqual(unique(source))
})
