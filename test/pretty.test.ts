import { spawn } from 'node:child_process'
import { afterEach, expect, test, vi } from 'vitest'
import { createLogger } from '../src/index.js'
import { startApp } from './support/app.js'
import { Capture } from './support/capture.js'
import { finish, root } from './support/program.js'

afterEach(() => vi.unstubAllEnvs())

const TIME = /^\d\d:\d\d:\d\d\.\d{3} /
const ESC = '\x1b'

function withoutTimes(log: Capture): string[] {
  return log.raw.map((line) => {
    expect(line).toMatch(TIME)
    return line.replace(TIME, '').replace(/ +[\d.]+ms/, (found) => '1.0ms'.padStart(found.length))
  })
}

test('one aligned line an event, with the own lines of the app between them', async () => {
  const { app, log } = await startApp({ format: 'pretty' })
  app.get('/users/:id', async (request) => {
    request.log.info({ found: true }, 'looking up user')
    request.waybill.add({ user_id: 42 })
    return ''
  })
  const headers = { 'x-request-id': '0199a1b2-0000-7000-8000-0000deadbeef' }
  app.log.warn('starting')
  await app.inject({ url: '/users/42', headers })
  await app.inject({ method: 'POST', url: '/nowhere', headers: { 'x-request-id': 'abc' } })
  expect(withoutTimes(log)).toEqual([
    'WARN                    starting\n',
    '-->            deadbeef GET     /users/42\n',
    'INFO           deadbeef looking up user {"found":true}\n',
    '200      1.0ms deadbeef GET     /users/42 {"user_id":42}\n',
    '-->            abc      POST    /nowhere\n',
    '404      1.0ms abc      POST    /nowhere\n',
  ])
})

test('the stack of an error stands below its request, indented', async () => {
  const { app, log } = await startApp({ format: 'pretty' })
  app.get('/', async () => {
    throw new TypeError('broken', { cause: new Error('deeper') })
  })
  await app.inject('/')
  const [head, story, first, ...others] = log.raw[1]?.trimEnd().split('\n') ?? []
  expect(head).toMatch(/ 500 +[\d.]+ms .* GET {5}\/$/)
  expect(story).toBe('    error: TypeError: broken')
  expect(first).toMatch(/^ {8}at /)
  expect(others).toContain('    caused by: Error: deeper')
})

test('the end of an id is whole characters', () => {
  const log = new Capture()
  createLogger({ format: 'pretty', destination: log }).child({ request_id: '😀1234567' }).info('line')
  expect(withoutTimes(log)).toEqual(['INFO           1234567  line\n'])
})

test('an error that the app logs itself is shown the same way, with its details', () => {
  const log = new Capture()
  const error = Object.assign(new Error('no connection'), {
    code: 'ECONNREFUSED',
    stack: 'Error: no connection\n    at x',
  })
  createLogger({ format: 'pretty', destination: log }).error({ err: error }, 'giving up')
  expect(withoutTimes(log)).toEqual([
    'ERROR                   giving up\n    error: Error: no connection\n        at x\n    {"code":"ECONNREFUSED"}\n',
  ])
})

test('fields of any name are shown, and an error beside them', () => {
  vi.stubEnv('FORCE_COLOR', '1')
  const log = new Capture()
  createLogger({ format: 'pretty', destination: log }).info(
    { name: 'Ada', pid: 7, path: 'C:\\x', error: 'none' },
    'hello',
  )
  const [line = ''] = log.raw
  expect(line.slice(line.indexOf('hello'))).toBe(
    `hello${ESC}[0m ${ESC}[90m{"name":"Ada","pid":7,"path":"C:\\x"}${ESC}[39m\n    error: ${ESC}[31mnone${ESC}[39m\n`,
  )
})

test('an ending other than completed, and a slow request, are named', async () => {
  const { app, log } = await startApp({ format: 'pretty', slow: 0.0001 })
  app.get('/', async () => '')
  await app.inject('/')
  expect(log.raw[1]).toMatch(/ GET {5}\/ slow\n$/)
})

test('status, duration and level have their colours, and only where colours are wanted', async () => {
  vi.stubEnv('FORCE_COLOR', '1')
  const { app, log } = await startApp({ format: 'pretty' })
  app.get('/ok', async () => '')
  app.get('/moved', async (_request, reply) => reply.redirect('/ok'))
  app.get('/throws', async () => {
    throw new Error('broken')
  })
  app.log.error('broken')
  for (const url of ['/ok', '/moved', '/nowhere', '/throws']) await app.inject(url)
  const [level, ...statuses] = log.raw.filter((line) => !line.includes('-->'))
  expect(level).toContain(`${ESC}[31mERROR${ESC}[39m`)
  expect(statuses.map((line) => /\x1b\[(\d+)m(\d{3}) /.exec(line)?.slice(1))).toEqual([
    ['32', '200'],
    ['36', '302'],
    ['33', '404'],
    ['31', '500'],
  ])
  expect(statuses[0]).toMatch(/\x1b\[90m *[\d.]+ms\x1b\[39m/)

  vi.stubEnv('FORCE_COLOR', '0')
  const plain = await startApp({ format: 'pretty' })
  await plain.app.inject('/')
  expect(plain.log.raw.join('')).not.toContain(ESC)
})

test('what a client sends is shown escaped and never obeyed', async () => {
  const { app, log } = await startApp({ format: 'pretty', include: ['user_agent'] })
  app.get('/*', async (request) => {
    request.log.info(
      { 'k\x1b': ['\x9b31m', { deep: '\u202e' }] },
      'said \x1b[2J\x07 \r\n00:00:00.000 FATAL forged',
    )
    request.waybill.add({ note: '\x1b]0;title\x07' })
    throw new Error('bad \x1b[31m\nnext \x9b0m')
  })
  await app.inject({ url: '/\x9b31m\u202ered', headers: { 'user-agent': '\x1b[31m\x7f' } })
  const shown = log.raw.join('')
  expect(shown).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
  expect(shown).toContain('said \\x1b[2J\\x07\n    00:00:00.000 FATAL forged')
  expect(shown).toContain('\\x9b31m')
  expect(shown).toContain('\\u202e')
  for (const line of shown.trimEnd().split('\n')) expect(line).toMatch(/^(?:\d\d:\d\d:\d\d\.\d{3} | {4})/)
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

const LOG_ONE_LINE = `import { createLogger } from 'waybill'; createLogger().info('hello')`

/** Runs a program with a terminal as its stdout, and gives what the terminal got. */
async function inTerminal(env: Record<string, string>): Promise<string> {
  const command = `"$NODE" --input-type=module --eval "$SOURCE"`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TERM: 'xterm', NODE: process.execPath, SOURCE: LOG_ONE_LINE, ...env },
  })
  return (await finish(child)).stdout
}

test.runIf(process.platform === 'linux')(
  'a terminal gets the pretty format with colours, unless told otherwise',
  async () => {
    const [pretty, json, plain] = await Promise.all([
      inTerminal({}),
      inTerminal({ LOG_FORMAT: 'json' }),
      inTerminal({ NO_COLOR: '1' }),
    ])
    expect(pretty).toContain(`${ESC}[32mINFO ${ESC}[39m`)
    expect(JSON.parse(json)).toMatchObject({ level: 'info', message: 'hello' })
    expect(plain).toMatch(/^[\d:.]+ INFO +hello\r\n$/)
  },
)

test.each([true, false])('what takes more as it is shown is cut all the same, colours: %s', (colors) => {
  const log = new Capture()
  vi.stubEnv('FORCE_COLOR', colors ? '1' : '0')
  const logger = createLogger({ destination: log, format: 'pretty' })
  logger.info({ hidden: '\u202e'.repeat(2600) }, 'x\n'.repeat(3000))
  const shown = log.raw.join('')
  expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(8000)
  expect(Buffer.byteLength(shown)).toBeGreaterThan(7900)
  expect(shown.endsWith('\n')).toBe(true)
  expect(shown).not.toContain('\ufffd')
})
