import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import waybill from '../../src/index.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { ask, listen } from '../support/http.js'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

test('writes a start and a completion, in the documented shape and key order', async () => {
  const { app, log } = await startApp()
  app.get('/users/:id', async () => ({ name: 'Ada' }))
  const port = await listen(app)
  const { headers, body } = await ask(port, '/users/42?token=secret')
  await log.completions(1)
  await app.close()

  const id = headers['x-request-id']
  const [, started, completed] = log.lines
  expect(Object.entries(started ?? {})).toEqual([
    ['timestamp', expect.stringMatching(TIMESTAMP)],
    ['level', 'info'],
    ['event', 'request.started'],
    ['request_id', id],
    ['method', 'GET'],
    ['path', '/users/42'],
    ['route', '/users/:id'],
    ['message', 'GET /users/42'],
  ])
  const duration = completed?.duration_ms
  expect(Object.entries(completed ?? {})).toEqual([
    ['timestamp', expect.stringMatching(TIMESTAMP)],
    ['level', 'info'],
    ['event', 'request.completed'],
    ['request_id', id],
    ['method', 'GET'],
    ['path', '/users/42'],
    ['route', '/users/:id'],
    ['status', 200],
    ['duration_ms', expect.any(Number)],
    ['outcome', 'completed'],
    ['response_bytes', body.length],
    ['message', `GET /users/42 200 ${duration}ms`],
  ])
  expect(id).toMatch(UUID)
  expect(String(duration)).toMatch(/^\d+(\.\d{1,3})?$/)
})

test('writes request.log, reply.log and app.log to one stream, in order, with the id', async () => {
  const { app, log } = await startApp()
  app.log.info('ready')
  app.get('/', async (request, reply) => {
    request.log.info({ step: 1 }, 'from the request')
    reply.log.warn('from the reply')
    request.log.child({ part: 'x' }).error(new Error('kept'), 'from a child')
    return 'ok'
  })
  await app.inject('/')
  const id = log.events('started')[0]?.request_id
  expect(log.lines.map(({ message }) => message)).toEqual([
    'ready',
    'GET /',
    'from the request',
    'from the reply',
    'from a child',
    expect.stringMatching(/^GET \/ 200 /),
  ])
  expect(log.lines.map(({ request_id }) => request_id)).toEqual([undefined, id, id, id, id, id])
  const timestamp = expect.stringMatching(TIMESTAMP)
  expect(Object.entries(log.lines[2] ?? {})).toEqual([
    ['timestamp', timestamp],
    ['level', 'info'],
    ['request_id', id],
    ['message', 'from the request'],
    ['step', 1],
  ])
  expect(log.lines[4]).toMatchObject({ level: 'error', part: 'x', error: { type: 'Error', message: 'kept' } })
})

test('logs the address on which the server listens', async () => {
  const { app, log } = await startApp()
  const port = await listen(app)
  await app.close()
  expect(log.lines).toMatchObject([
    { level: 'info', message: `Server listening at http://127.0.0.1:${port}` },
  ])
})

test('covers routes and hooks that were declared before the plugin', async () => {
  const log = new Capture()
  const app = Fastify()
  app.addHook('onRequest', async (request, reply) => {
    request.log.info('early hook')
    if (request.url === '/refused') await reply.code(401).send('no')
  })
  app.get('/early', async (request) => {
    request.log.info('early route')
    return request.id
  })
  await app.register(waybill, { destination: log })

  const { body, headers } = await app.inject('/early')
  await app.inject('/refused')
  expect(body).toBe(headers['x-request-id'])
  expect(log.lines.map(({ message }) => message)).toEqual([
    'GET /early',
    'early hook',
    'early route',
    expect.stringMatching(/^GET \/early 200/),
    'GET /refused',
    'early hook',
    expect.stringMatching(/^GET \/refused 401/),
  ])
  expect(log.lines.slice(0, 4).every(({ request_id }) => request_id === body)).toBe(true)
})

test('sends the id on every response and sets request.id', async () => {
  const { app, log } = await startApp()
  app.get('/ok', async (request) => request.id)
  app.get('/throws', async () => {
    throw new Error('broken')
  })
  app.get('/redirect', async (_request, reply) => reply.redirect('/ok'))
  app.get('/stream', async (_request, reply) => reply.send(Readable.from(['a', 'b'])))
  app.get('/hijacked', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(202, { 'x-own': '1' })
    reply.raw.end('raw')
  })
  app.get('/raw', (_request, reply) => {
    reply.raw.end('raw')
  })
  app.get('/empty', async (_request, reply) => reply.code(204).send())
  const port = await listen(app)
  const asked = ['/ok', '/throws', '/redirect', '/stream', '/hijacked', '/raw', '/empty', '/nowhere']
  const answers = []
  for (const path of asked) answers.push(await ask(port, path))
  answers.push(await ask(port, '/ok', { method: 'HEAD' }))
  const completions = await log.completions(answers.length)
  await app.close()

  expect(answers.map(({ status }) => status)).toEqual([200, 500, 302, 200, 202, 200, 204, 404, 200])
  const ids = answers.map(({ headers }) => headers['x-request-id'])
  expect(new Set(ids).size).toBe(ids.length)
  expect(completions.map(({ request_id }) => request_id)).toEqual(ids)
  expect(answers[0]?.body).toBe(ids[0])
  expect(completions.map(({ status, response_bytes: bytes }) => [status, bytes])).toEqual([
    [200, 36],
    [500, answers[1]?.body.length],
    [302, 0],
    [200, 2],
    [202, 3],
    [200, 3],
    [204, 0],
    [404, answers[7]?.body.length],
    [200, 0],
  ])
})

test("accepts the client's id, and replaces an invalid one without repeating it", async () => {
  const { app, log } = await startApp()
  app.get('/', async (request) => request.id)
  const port = await listen(app)
  const taken = await ask(port, '/', { headers: { 'X-Request-Id': 'checkout-7' } })
  const replaced = await ask(port, '/', { headers: { 'X-Request-Id': 'a b<script>' } })
  const doubled = await ask(port, '/', { headers: { 'X-Request-Id': ['first-of-two', 'second-of-two'] } })
  await log.completions(3)
  await app.close()

  expect([taken.body, taken.headers['x-request-id']]).toEqual(['checkout-7', 'checkout-7'])
  expect(replaced.body).toMatch(UUID)
  expect(doubled.body).toMatch(UUID)
  expect(log.events('started').map((line) => [line.request_id, line.request_id_rejected])).toEqual([
    ['checkout-7', undefined],
    [replaced.body, 'charset'],
    [doubled.body, 'multiple'],
  ])
  expect(log.events('completed').every((line) => !('request_id_rejected' in line))).toBe(true)
  expect(log.raw.join('')).not.toMatch(/script|of-two/)
})

test('reads, trusts, generates and returns ids as the options say', async () => {
  const { app, log } = await startApp({
    requestId: {
      header: ['X-Correlation-Id', 'X-Request-Id'],
      trust: (request) => request.headers['x-inside'] === '1',
      generate: (request) => `made-for-${request.method}`,
      responseHeader: 'X-Correlation-Id',
    },
  })
  app.get('/', async (request) => request.id)
  const inside = await app.inject({ url: '/', headers: { 'x-correlation-id': 'abc', 'x-inside': '1' } })
  const outside = await app.inject({ url: '/', headers: { 'x-correlation-id': 'abc' } })
  expect([inside.body, inside.headers['x-correlation-id']]).toEqual(['abc', 'abc'])
  expect([outside.body, outside.headers['x-request-id']]).toEqual(['made-for-GET', undefined])
  expect(log.lines.map((line) => line.client_request_id)).toEqual([undefined, undefined, 'abc', 'abc'])
})

test('requestId.responseHeader: false sends no id back', async () => {
  const { app } = await startApp({ requestId: { responseHeader: false } })
  expect((await app.inject('/')).headers).not.toHaveProperty('x-request-id')
})

test('logs no query, header or address unless it is asked for by name', async () => {
  const headers = {
    cookie: 'session=secret-1',
    authorization: 'Bearer secret-2',
    'user-agent': 'secret-3',
    referer: 'http://secret-4/',
    host: 'secret-5',
  }
  const { app, log } = await startApp()
  app.get('/', async (request) => {
    request.log.info({ req: request }, 'a request object in a line')
    return ''
  })
  await app.inject({ url: '/?token=secret-6', headers, remoteAddress: '203.0.113.7' })
  expect(log.raw.join('')).not.toMatch(/secret|203\.0\.113\.7/)
  expect(log.lines[1]).toMatchObject({ req: { method: 'GET', path: '/' } })
})

test('logs the included details after the route, in both events', async () => {
  const { app, log } = await startApp({
    include: ['query', 'client_ip', 'user_agent', 'host', 'referer', 'header:X-Tenant', 'header:x-absent'],
    allowQuery: ['page'],
  })
  app.get('/', async () => '')
  await app.inject({
    url: '/?page=2&token=secret',
    headers: {
      'user-agent': 'curl/8',
      host: 'shop.test',
      referer: 'http://a/b?token=secret#x',
      'x-tenant': 'acme',
    },
    remoteAddress: '203.0.113.7',
  })
  const details = [
    ['route', '/'],
    ['query', 'page=2&token=[redacted]'],
    ['client_ip', '203.0.113.7'],
    ['user_agent', 'curl/8'],
    ['host', 'shop.test'],
    ['referer', 'http://a/b'],
    ['header:x-tenant', 'acme'],
  ]
  expect(Object.entries(log.lines[0] ?? {}).slice(6, 13)).toEqual(details)
  expect(Object.entries(log.lines[1] ?? {}).slice(6, 13)).toEqual(details)
})

test('takes fields from anywhere in the life of a request', async () => {
  const { app, log } = await startApp()
  app.addHook('onRequest', async (request) => request.waybill.add({ on_request: 1, step: 'first' }))
  app.addHook('onSend', async (request) => request.waybill.add({ on_send: 1 }))
  app.addHook('onResponse', async (request) => request.waybill.add({ on_response: 1 }))
  app.get('/', async (request) => {
    request.waybill.add({ step: 'second', status: 999, user: { id: 42n } })
    return ''
  })
  await app.inject('/')
  expect(Object.entries(log.events('completed')[0] ?? {}).slice(11)).toEqual([
    ['message', expect.any(String)],
    ['on_request', 1],
    ['step', 'second'],
    ['user', { id: '42' }],
    ['on_send', 1],
    ['on_response', 1],
  ])
  expect(log.events('started')[0]).not.toHaveProperty('on_request')
})

test('logs one aborted completion when the client leaves before the answer', async () => {
  const { app, log } = await startApp()
  const arrived = new Promise<void>((resolve) => {
    app.get('/', () => resolve())
  })
  const port = await listen(app)
  const leaving = new AbortController()
  const asked = ask(port, '/', { signal: leaving.signal })
  await arrived
  leaving.abort()
  await expect(asked).rejects.toThrow('aborted')
  const [completed] = await log.completions(1)
  await app.close()
  expect(completed).toMatchObject({ level: 'info', status: 499, outcome: 'aborted', response_bytes: 0 })
  expect(completed?.message).toMatch(/^GET \/ 499 [\d.]+ms aborted$/)
})

test('response_bytes counts bytes, not characters, and only those that were taken', async () => {
  const { app, log } = await startApp()
  app.get('/text', async () => 'żółć 😀')
  app.get('/twice', (_request, reply) => {
    reply.hijack()
    reply.raw.on('error', () => {})
    reply.raw.write('abc')
    reply.raw.end(Buffer.from('def'))
    reply.raw.end('ghi')
  })
  const port = await listen(app)
  await ask(port, '/text')
  await ask(port, '/twice')
  const completions = await log.completions(2)
  await app.close()
  expect(completions.map(({ response_bytes: bytes }) => bytes)).toEqual([13, 6])
})

test('the logLevel of a route that was declared before the plugin holds', async () => {
  const log = new Capture()
  const app = Fastify()
  app.get('/health', { logLevel: 'silent' }, async () => '')
  await app.register(waybill, { destination: log })
  await app.inject('/health')
  expect(log.raw).toEqual([])
})

test('a query that begins with a semicolon is no part of the path where Fastify reads it so', async () => {
  const log = new Capture()
  const app = Fastify({ routerOptions: { useSemicolonDelimiter: true } as object })
  await app.register(waybill, { destination: log, include: ['query'], allowQuery: ['page'] })
  app.get('/a', async () => '')
  await app.inject('/a;page=2&token=secret')
  expect(log.events('completed')).toMatchObject([
    { status: 200, path: '/a', query: 'page=2&token=[redacted]' },
  ])
})

test('an id that is not a valid header value is replaced', async () => {
  const { app, log } = await startApp()
  await app.register(async (inner) => {
    inner.setGenReqId(() => 'a\r\nSet-Cookie: x')
    inner.get('/', async () => 'ok')
  })
  const { statusCode, headers } = await app.inject('/')
  expect([statusCode, headers['set-cookie']]).toEqual([200, undefined])
  const id = expect.stringMatching(/^[0-9a-f-]{36}$/)
  expect(headers['x-request-id']).toEqual(id)
  expect(log.lines.map((line) => line.request_id)).toEqual([headers['x-request-id'], headers['x-request-id']])
})

test('a value named req or res that is neither is logged as it is', async () => {
  const { app, log } = await startApp()
  app.log.info({ req: null, res: 'cached' }, 'fine')
  expect(log.lines[0]).toMatchObject({ req: null, res: 'cached' })
})

test('a logged or printed request.waybill shows id, method, path and route only', async () => {
  const { app } = await startApp()
  app.get('/users/:id', async ({ waybill }) => [JSON.parse(JSON.stringify(waybill)), inspect(waybill)])
  const [json, printed] = (
    await app.inject({ path: '/users/42?token=1', headers: { 'x-request-id': 'abc' } })
  ).json()
  expect(json).toEqual({ request_id: 'abc', method: 'GET', path: '/users/42', route: '/users/:id' })
  expect(printed).toBe(inspect(json))
})

test('an encapsulated registration covers the routes of its context alone', async () => {
  const log = new Capture()
  const app = Fastify()
  app.get('/outside', async (request) => request.id)
  await app.register(async (inner) => {
    await inner.register(waybill, { destination: log })
    inner.get('/inside', async (request) => request.id)
  })
  const outside = await app.inject('/outside')
  const inside = await app.inject('/inside')
  expect(outside.headers).not.toHaveProperty('x-request-id')
  expect(inside.body).toBe(inside.headers['x-request-id'])
  expect(log.lines.map(({ path }) => path)).toEqual(['/inside', '/inside'])
})
