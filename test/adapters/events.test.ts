import http2 from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import waybill, { type Completion } from '../../src/index.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { listen } from '../support/http.js'
import { nextWarning } from '../support/warnings.js'

test('the start event has the level it is given, or is not written at all', async () => {
  const debug = await startApp({ startLevel: 'debug', level: 'debug' })
  await debug.app.inject('/')
  expect(debug.log.lines.map(({ event, level }) => [event, level])).toEqual([
    ['request.started', 'debug'],
    ['request.completed', 'warn'],
  ])
  const none = await startApp({ startLevel: false })
  await none.app.inject('/')
  expect(none.log.lines.map(({ event }) => event)).toEqual(['request.completed'])
})

test('the level decides which events are written, also when it changes later', async () => {
  const { app, log } = await startApp({ level: 'warn' })
  app.get('/', async () => '')
  await app.inject('/')
  await app.inject('/nowhere')
  app.log.level = 'info'
  await app.inject('/')
  expect(log.lines.map(({ event, path }) => [event, path])).toEqual([
    ['request.completed', '/nowhere'],
    ['request.started', '/'],
    ['request.completed', '/'],
  ])
})

test('the level of a route decides for its requests', async () => {
  const { app, log } = await startApp()
  app.get('/health', { logLevel: 'silent' }, async (request) => {
    request.log.error('not written')
    return ''
  })
  await app.inject('/health')
  expect(log.raw).toEqual([])
})

test('an unknown level returned by completionLevel is a warning', async () => {
  const warning = nextWarning()
  const { app } = await startApp({ completionLevel: () => 'loud' as 'info' })
  await app.inject('/')
  expect(await warning).toEqual({
    code: 'WAYBILL_WARN_OPTION_RESULT',
    message: `waybill: option "completionLevel" must return a level or 'silent', got "loud"; the default was used`,
  })
})

test('a function decides the level of the completion, knowing how the request ended', async () => {
  const seen: Completion[] = []
  const { app, log } = await startApp({
    completionLevel: (completion) => {
      seen.push({ ...completion, headers: completion.headers })
      return completion.status === 404 ? 'info' : completion.level
    },
  })
  const error = new Error('broken')
  app.get('/throws/:id', async () => {
    throw error
  })
  await app.inject('/nowhere')
  await app.inject('/throws/1')
  expect(log.events('completed').map(({ level }) => level)).toEqual(['info', 'error'])
  const shared = { method: 'GET', durationMs: expect.any(Number), outcome: 'completed', slow: false }
  const view = { id: expect.any(String), headers: expect.objectContaining({ host: 'localhost:80' }) }
  expect(seen).toEqual([
    { ...shared, ...view, path: '/nowhere', route: undefined, status: 404, error: undefined, level: 'warn' },
    { ...shared, ...view, path: '/throws/1', route: '/throws/:id', status: 500, error, level: 'error' },
  ])
})

test.each<[string, () => 'info']>([
  ['returns no level', () => 'loud' as 'info'],
  [
    'throws',
    () => {
      throw new Error('broken')
    },
  ],
])('the default level holds when that function %s', async (_case, completionLevel) => {
  const { app, log } = await startApp({ completionLevel })
  await app.inject('/')
  expect(log.lines[1]).toMatchObject({ level: 'warn', status: 404 })
})

test('a slow completion is marked and raised to a warning, a quick one is not', async () => {
  const slow = await startApp({ slow: 0.0001 })
  slow.app.get('/', async () => '')
  await slow.app.inject('/')
  expect(slow.log.lines[1]).toMatchObject({ level: 'warn', slow: true, status: 200 })
  const quick = await startApp({ slow: 60_000 })
  quick.app.get('/', async () => '')
  await quick.app.inject('/')
  expect(quick.log.lines[1]).toMatchObject({ level: 'info', status: 200 })
  expect(quick.log.lines[1]).not.toHaveProperty('slow')
})

const HOSTILE_TARGETS = [
  `/${'p'.repeat(16_000)}`,
  `/${'"'.repeat(4000)}${'\\'.repeat(4000)}`,
  `/${'😀'.repeat(3000)}`,
  '/%0d%0a{"level":"fatal"}',
  '/"},{"forged":"',
  '/\u009b31mred\u0085next\u2028line\uffff\x7f',
  '/\ud800lone\udfff',
  '//evil.com/x',
]

test.each(HOSTILE_TARGETS)('a hostile path is one valid line within the limit: %.40j', async (target) => {
  const { app, log } = await startApp({ include: ['query'], allowQuery: ['q'] })
  await app.inject({ url: `${target}?q=${target}` })
  expect(log.raw).toHaveLength(2)
  for (const line of log.raw) {
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(8000)
    expect(line).toMatch(/^\{.*\}\n$/)
    expect(line).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\uffff]/)
    expect(line.isWellFormed()).toBe(true)
    expect(JSON.parse(line)).not.toHaveProperty('forged')
  }
})

test.each([
  ['OPTIONS *', '*'],
  ['GET http://user:secret@other.test/abs?q=1', '/abs'],
  ['GET //evil.com/x', '//evil.com/x'],
  ['GET /%0a%0d%22', '/%0a%0d%22'],
  ['GET /a"b', '/a"b'],
])('%s is logged as %s', async (requestLine, path) => {
  const { app, log } = await startApp()
  const socket = connect(await listen(app), '127.0.0.1')
  socket.end(`${requestLine} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
  expect(await text(socket)).toMatch(/^HTTP\/1.1 404/)
  await log.completions(1)
  await app.close()
  expect(log.events('started')).toMatchObject([{ path }])
  expect(log.raw.join('')).not.toContain('secret')
})

test('over HTTP/2, where a path may hold raw bytes, no control character gets through', async () => {
  const log = new Capture()
  const app = Fastify({ http2: true })
  await app.register(waybill, { destination: log })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const session = http2.connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
  const stream = session.request({ ':path': '/\u009b31m', 'x-request-id': 'over-h2' })
  const headers = new Promise<http2.IncomingHttpHeaders>((resolve) => stream.on('response', resolve))
  await text(stream)
  const [completed] = await log.completions(1)
  session.close()
  await app.close()
  expect((await headers)['x-request-id']).toBe('over-h2')
  expect(completed).toMatchObject({ request_id: 'over-h2', path: '/\u009b31m', outcome: 'completed' })
  expect(log.raw.join('')).not.toContain('\u009b')
})

test('fields that are too large are dropped, not the line', async () => {
  const { app, log } = await startApp()
  app.get('/', async (request) => {
    request.waybill.add({ text: 'x'.repeat(1_000_000), kept: 1 })
    request.waybill.add(
      Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`field_${index}`, 'value'])),
    )
    return ''
  })
  await app.inject('/')
  const [completed] = log.events('completed')
  expect(Buffer.byteLength(log.raw[1] ?? '')).toBeLessThanOrEqual(8000)
  expect(completed).toMatchObject({ status: 200, outcome: 'completed', kept: 1, truncated: true })
})

test("the app's own lines keep to the limit and the escaping too", async () => {
  const { app, log } = await startApp()
  app.log.info({ text: 'x'.repeat(1_000_000) }, '\x9b31m\x7f\u2028\ud800')
  expect(log.raw).toHaveLength(1)
  expect(Buffer.byteLength(log.raw[0] ?? '')).toBeLessThanOrEqual(8000)
  expect(log.raw[0]).not.toMatch(/[\x7f-\x9f\u2028]/)
  expect(log.lines[0]).toMatchObject({ level: 'info', message: '\x9b31m\x7f\u2028\ufffd', truncated: true })
})
