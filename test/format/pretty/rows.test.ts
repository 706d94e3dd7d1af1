import { afterEach, expect, test, vi } from 'vitest'
import { prettyFormat } from '../../../src/format/pretty/index.js'
import { createLogger } from '../../../src/index.js'
import type { Options } from '../../../src/options.js'
import { startApp } from '../../support/app.js'
import { Capture } from '../../support/capture.js'

afterEach(() => vi.unstubAllEnvs())

const TIME = /^\d\d:\d\d:\d\d\.\d{3} /
const ESC = '\x1b'

/** What is shown, line by line, without times of day and with one duration. */
function seen(log: Capture): string[] {
  return log.raw.flatMap((text) => {
    expect(text).toMatch(TIME)
    expect(text.endsWith('\n')).toBe(true)
    return text
      .slice(0, -1)
      .split('\n')
      .map((line) => line.replace(TIME, '').replace(/^(\d{3}) +[\d.]+ms/, '$1    1.0ms'))
  })
}

const id = (value: string): { headers: Record<string, string> } => ({ headers: { 'x-request-id': value } })

test('a request is one aligned row an event, its own log lines are indented below it', async () => {
  const { app, log } = await startApp({ format: 'pretty', startLevel: 'info' })
  app.get('/users/:id', async (request) => {
    request.log.info({ found: true, tags: ['a', 'b c'], of: { deep: { er: 1 } } }, 'looking up user')
    request.waybill.add({ user_id: 42, note: 'two words' })
    return 'four'
  })
  app.log.warn('starting')
  await app.inject({ url: '/users/42', ...id('0199a1b2-0000-7000-8000-0000deadbeef') })
  await app.inject({ method: 'POST', url: '/nowhere', ...id('my-own-id') })
  expect(seen(log)).toEqual([
    'WARN                  starting',
    '-->          deadbeef GET    /users/42',
    'INFO         deadbeef   looking up user found=true',
    "                                     tags=[ 'a', 'b c' ] of={ deep: { er: 1 } }",
    '200    1.0ms deadbeef GET    /users/42 4B user_id=42',
    '                                          note="two words"',
    '-->          my-own-id POST   /nowhere',
    '404    1.0ms my-own-id POST   /nowhere 80B',
  ])
})

test('a log line whose request is not in the row above is not indented', async () => {
  const { app, log } = await startApp({ format: 'pretty', startLevel: 'info' })
  app.get('/', async (request) => {
    app.log.child({ request_id: 'another' }).info('from elsewhere')
    request.log.info('mine')
    request.log.info('mine again')
    return ''
  })
  await app.inject({ url: '/', ...id('abc') })
  expect(seen(log).slice(1, 4)).toEqual([
    'INFO         another  from elsewhere',
    'INFO         abc      mine',
    'INFO         abc        mine again',
  ])
})

test('an event that comes through a logger of createLogger() is the same row', async () => {
  const rows: string[][] = []
  for (const through of [true, false]) {
    const log = new Capture()
    const logger = through ? createLogger({ format: 'pretty', destination: log }) : undefined
    const options =
      logger === undefined
        ? { format: 'pretty' as const, startLevel: 'info' as const, destination: log, slow: 0 }
        : { slow: 0 }
    await visit(options, logger)
    rows.push(seen(log))
  }
  expect(rows[0]).toEqual(rows[1])
  expect(rows[0]?.[1]).toBe('200    1.0ms abc      GET    /a%20b/日本 5B slow user_id=42')
})

async function visit(
  options: Options,
  loggerInstance: ReturnType<typeof createLogger> | undefined,
): Promise<void> {
  const { default: Fastify } = await import('fastify')
  const { default: waybill } = await import('../../../src/index.js')
  const app = Fastify(loggerInstance === undefined ? {} : { loggerInstance })
  await app.register(waybill, options)
  app.get('/*', async (request) => {
    request.waybill.add({ user_id: 42 })
    return 'shown'
  })
  await app.inject({ url: '/a%20b/%E6%97%A5%E6%9C%AC', ...id('abc') })
  await app.close()
}

test('how a request ended is said in words', async () => {
  const { app, log } = await startApp({ format: 'pretty', startLevel: 'info', slow: 0 })
  app.get('/old', async (_request, reply) => reply.redirect('/new?token=secret'))
  app.get('/elsewhere', async (_request, reply) => reply.redirect('https://user:word@example.com/new#part'))
  await app.inject({ url: '/old', ...id('abc') })
  await app.inject({ url: '/elsewhere', ...id('abc') })
  const rows = seen(log).filter((line) => !line.startsWith('-->'))
  expect(rows).toEqual([
    '302    1.0ms abc      GET    /old → /new slow',
    '302    1.0ms abc      GET    /elsewhere → https://example.com/new',
    '                                          slow',
  ])
})

/** Prints a completion as a line of data. */
function shown(fields: Record<string, unknown>, columns = 80, colors = false): string {
  const terminal = { isShared: false, manyColors: false, columns: () => columns, cwd: '/' }
  const { logLine } = prettyFormat(
    { started: [], running: [], completed: [] },
    { colors, maxLineBytes: 8000, terminal },
  )
  const given = { method: 'GET', path: '/a', status: 200, outcome: 'completed', ...fields }
  return logLine({
    ...{
      level: 'info',
      time: 0,
      requestId: 'abc',
      event: 'request.completed',
      message: '',
      truncated: false,
    },
    ...{ trace: undefined, tracerIds: undefined, error: undefined },
    fields: Object.entries(given) as [string, string][],
  }).slice('00:00:00.000 '.length)
}

test.each([
  [
    { status: 499, outcome: 'aborted', duration_ms: 312.4 },
    '499    312ms abc      GET    /a client left after 312ms',
  ],
  [{ status: 408, outcome: 'timeout' }, '408          abc      GET    /a timed out'],
  [{ outcome: 'destroyed' }, '200          abc      GET    /a broken off'],
  [
    { status: 400, outcome: 'rejected', method: undefined },
    '400          abc      unparsed request rejected',
  ],
  [{ status: 101, outcome: 'upgraded' }, '101          abc      GET    /a upgraded'],
  [{ status: undefined, outcome: 'unfinished' }, '---          abc      GET    /a unfinished'],
  [{ response_bytes: 0 }, '200          abc      GET    /a'],
  [{ response_bytes: 1234 }, '200          abc      GET    /a 1.2kB'],
  [{ response_bytes: 34_567_890 }, '200          abc      GET    /a 35MB'],
  [{ calls: { count: 2, total_ms: 38.2, failed: 0 } }, '200          abc      GET    /a calls=2 38.2ms'],
  [
    { calls: { count: 2, total_ms: 380, failed: 1 } },
    '200          abc      GET    /a calls=2 380ms 1 failed',
  ],
])('%j reads %s', (fields, row) => {
  expect(shown(fields)).toBe(`${row}\n`)
})

test.each([
  [0, '   0.0ms'],
  [0.15, '   0.2ms'],
  [12.304, '  12.3ms'],
  [99.94, '  99.9ms'],
  [99.96, '   100ms'],
  [999.4, '   999ms'],
  [1250, '   1.25s'],
  [83_204, '   83.2s'],
  [245_000, '   4m05s'],
  [7_382_000, '   2h03m'],
])('a duration of %d ms reads %s', (duration_ms, text) => {
  expect(shown({ duration_ms })).toContain(`200 ${text} abc `)
})

test.each([
  [{ status: 200 }, '32'],
  [{ status: 304 }, '36'],
  [{ status: 404 }, '33'],
  [{ status: 500 }, '31'],
  [{ status: 499, outcome: 'aborted' }, '34'],
  [{ status: 101, outcome: 'upgraded' }, '36'],
])('%j has the colour %s', (fields, code) => {
  expect(shown(fields, 80, true)).toContain(`${ESC}[${code}m${fields.status}  ${ESC}[39m`)
})

test.each([
  [99, '2', '22'],
  [499, '', ''],
  [999, '33', '39'],
  [1001, '31', '39'],
])('a duration of %d ms has the colour %s', (duration_ms, begin, end) => {
  const text = (duration_ms < 100 ? '99.0ms' : duration_ms > 1000 ? '1.00s' : `${duration_ms}ms`).padStart(6)
  expect(shown({ duration_ms }, 80, true)).toContain(
    begin === '' ? ` ${text} ` : `${ESC}[${begin}m${text}${ESC}[${end}m`,
  )
})

test('fields are wrapped between each other below the path, and between the words of a long one', () => {
  const fields = {
    first: 'x'.repeat(20),
    second: 'y'.repeat(20),
    third: 'some words that take more than one line',
  }
  expect(shown(fields).split('\n')).toEqual([
    '200          abc      GET    /a first=xxxxxxxxxxxxxxxxxxxx',
    `${' '.repeat(42)}second=yyyyyyyyyyyyyyyyyyyy`,
    `${' '.repeat(42)}third="some words that take more than`,
    `${' '.repeat(42)}one line"`,
    '',
  ])
  expect(shown(fields, 200).split('\n')).toHaveLength(2)
  expect(shown(fields, 60).split('\n')[1]).toBe(`    first=${'x'.repeat(20)} second=${'y'.repeat(20)}`)
})

test('a long path is shortened in the middle, with room for the size', () => {
  const path = '/a/very/long/path/that/nobody/wants/to/read/as/a/whole/end'
  expect(shown({ path, response_bytes: 12 })).toBe(
    '200          abc      GET    /a/…/wants/to/read/as/a/whole/end 12B\n',
  )
  expect(shown({ path: `/${'x'.repeat(100)}` }).length).toBeLessThanOrEqual(68)
  expect(shown({ path }, 200)).toContain(path)
})

test('a trace is known by its id alone', () => {
  expect(shown({ trace_id: 'a', span_id: 'b', trace_flags: '01', dd: { x: 1 } })).toContain(
    'GET    /a trace_id=a\n',
  )
})

test('the ids of concurrent requests have colours of their own, and their log lines the same', async () => {
  vi.stubEnv('FORCE_COLOR', '1')
  const { app, log } = await startApp({ format: 'pretty', startLevel: 'info' })
  const waiting: (() => void)[] = []
  app.get('/:id', async (request) => {
    await new Promise<void>((resolve) => waiting.push(resolve))
    request.log.info('line')
    return ''
  })
  const requests = ['one', 'two', 'three'].map((each) => app.inject({ url: `/${each}`, ...id(each) }))
  await vi.waitFor(() => expect(waiting).toHaveLength(3))
  for (const resolve of waiting) resolve()
  await Promise.all(requests)
  const colorsOf = (each: string): (string | undefined)[] =>
    log.raw.map((line) => new RegExp(`\\x1b\\[(\\d+)m${each}\\x1b`).exec(line)?.[1]).filter((found) => found)
  const all = ['one', 'two', 'three'].map(colorsOf)
  for (const colors of all) expect(new Set(colors).size).toBe(1)
  for (const colors of all) expect(colors).toHaveLength(3)
  expect(new Set(all.map(([color]) => color)).size).toBe(3)
})

test('no terminal: no escapes', async () => {
  vi.stubEnv('FORCE_COLOR', undefined)
  const { app, log } = await startApp({ format: 'pretty', startLevel: 'info' })
  app.get('/', async (request) => {
    request.log.info({ object: { text: 'x' } }, 'line')
    throw new Error('broken')
  })
  await app.inject('/')
  expect(log.raw.join('')).not.toContain(ESC)
})

test('what a client sends is shown escaped and never obeyed', async () => {
  const { app, log } = await startApp({ format: 'pretty', startLevel: 'info', include: ['user_agent'] })
  app.get('/*', async (request) => {
    request.log.info(
      { 'k\x1b': ['\x9b31m', { 'deep\u061c': '\u202e\u200b\u{e0001}' }] },
      'said \x1b[2J\x07 \r\n00:00:00.000 FATAL forged',
    )
    request.waybill.add({ note: '\x1b]0;title\x07' })
    throw new Error('bad \x1b[31m\nnext \x9b0m')
  })
  await app.inject({ url: '/\x9b31m\u202ered', headers: { 'user-agent': '\x1b[31m\x7f' } })
  const text = log.raw.join('')
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
  expect(text).toContain(
    'said \\x1b[2J\\x07 \n                                     00:00:00.000 FATAL forged'.replace(
      ' \n',
      '\n',
    ),
  )
  for (const part of ['\\x9b31m', '\\u202e', '\\u200b', '\\u061c', '\\u{e0001}', 'k\\x1b='])
    expect(text).toContain(part)
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^(?:\d\d:\d\d:\d\d\.\d{3} | {4})/)
})

test('whatever the width of the window, a row is shown', () => {
  const error = { type: 'Error', message: 'broken', stack: String(new Error('broken').stack) }
  for (let columns = 1; columns < 80; columns++) {
    const text = shown(
      { path: '/first/second/third', added: ['日本', { a: 1 }], response_bytes: 12 },
      columns,
    )
    expect(text).toContain('12B')
    const log = new Capture()
    const terminal = { isShared: false, manyColors: false, columns: () => columns, cwd: process.cwd() }
    const { logLine } = prettyFormat(
      { started: [], running: [], completed: [] },
      { colors: true, maxLineBytes: 8000, terminal },
    )
    const line = {
      level: 'error',
      time: 0,
      requestId: undefined,
      message: 'some words',
      truncated: false,
    } as const
    const beside = { trace: undefined, tracerIds: undefined, event: undefined, fields: [], error }
    log.write(logLine({ ...line, ...beside }))
    expect(log.raw.join('')).toContain('broken')
  }
})

test('a line without a message of its own says that of its error once', () => {
  const log = new Capture()
  const error = Object.assign(new Error('no connection'), { stack: 'Error: no connection\n    at x' })
  createLogger({ format: 'pretty', destination: log }).error({ err: error })
  expect(seen(log)).toEqual(['ERROR', '    Error: no connection'])
})

test('loggers that write to the same terminal share what they know of ids', () => {
  const terminal = { isShared: true, manyColors: false, columns: () => 80, cwd: '/' }
  const [first, second] = [1, 2].map(() =>
    prettyFormat(
      { started: [], running: [], completed: [] },
      { colors: false, maxLineBytes: 8000, terminal },
    ),
  )
  const line = {
    level: 'info',
    time: 0,
    requestId: 'shared',
    message: 'line',
    truncated: false,
    fields: [],
  } as const
  const beside = { trace: undefined, tracerIds: undefined, event: undefined, error: undefined }
  expect(first?.logLine({ ...line, ...beside })).toContain('shared   line')
  expect(second?.logLine({ ...line, ...beside })).toContain('shared     line')
})

test('times are local', () => {
  vi.stubEnv('TZ', 'Asia/Kolkata')
  const log = new Capture()
  createLogger({ format: 'pretty', destination: log }).info('now')
  const [hours = 0, minutes = 0] = (log.raw[0] ?? '').split(':').map(Number)
  const now = new Date()
  const ahead = hours * 60 + minutes - (now.getUTCHours() * 60 + now.getUTCMinutes())
  expect([329, 330].map((each) => each % 1440)).toContain((ahead + 1440) % 1440)
})

test.each([true, false])('what takes more as it is shown is cut all the same, colours: %s', (colors) => {
  const log = new Capture()
  vi.stubEnv('FORCE_COLOR', colors ? '1' : '0')
  const logger = createLogger({ destination: log, format: 'pretty' })
  logger.info({ hidden: '\u202e'.repeat(2600), last: 'said' }, 'x\n'.repeat(3000))
  const text = log.raw.join('')
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8000)
  expect(Buffer.byteLength(text)).toBeGreaterThan(7900)
  expect(text.endsWith('\n')).toBe(true)
  expect(text).not.toContain('\ufffd')
})
