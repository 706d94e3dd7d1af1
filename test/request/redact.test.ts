import type { Express } from 'express'
import fc from 'fast-check'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import waybill, { createLogger, type FormatName, type Options, WaybillError } from '../../src/index.js'
import { createRedactor, isSecret, parsePath, redactPath } from '../../src/request/redact.js'
import { FORMAT_NAMES } from '../../src/vocabulary.js'
import { Capture } from '../support/capture.js'
import { expectCpuWithin } from '../support/cpu.js'
import { serveExpress, VERSIONS } from '../support/express.js'
import { inShort } from '../support/titles.js'

const SECRET = 'hunter2'

async function startApp(options: Options, register: (app: FastifyInstance) => void) {
  const log = new Capture()
  const app = Fastify()
  await app.register(waybill, { destination: log, ...options })
  register(app)
  return { app, log }
}

test.each([
  'password',
  'Password',
  'user_password',
  'userPassword',
  'PASSWD',
  'authorization',
  'proxy-authorization',
  'Set-Cookie',
  'cookie',
  'accessToken',
  'access_token',
  'csrf.token',
  'clientSecret',
  'apikey',
  'apiKey',
  'api-key',
  'X-API-Key',
  'HTTPCookie',
  'token_',
])('%s names a secret', (key) => {
  expect(isSecret(key)).toBe(true)
})

test.each(['tokenCount', 'secretary', 'monkey', 'key', 'cookies', 'passwordless', 'tokenizer', 'id', ''])(
  '%s names no secret',
  (key) => {
    expect(isSecret(key)).toBe(false)
  },
)

test.each([
  ['user.email', ['user', 'email']],
  ['*.password', ['*', 'password']],
  ['items[*].price', ['items', '*', 'price']],
  ['a["b-c"].d', ['a', 'b-c', 'd']],
  ["['x.y'][0]", ['x.y', '0']],
  ['headers.x-user', ['headers', 'x-user']],
] as const)('%s is a path', (path, keys) => {
  expect(parsePath(path)).toEqual(keys)
})

const NO_PATHS = ['', '.', 'a.', 'a..b', 'a[', 'a[b]', '[]', 'a"b', 'x'.repeat(501)]

test.each(NO_PATHS.map((path) => [inShort(path), path]))('%j is not a path', (_shown, path) => {
  expect(parsePath(path)).toBeUndefined()
  expect(() => createLogger({ redact: [path] })).toThrow(WaybillError)
})

test('a wrong value is refused by name', () => {
  expect(() => createLogger({ redact: ['a..b'] })).toThrow(
    'waybill: option "redact[0]" must be a path such as "user.email" or "*.iban", got "a..b"',
  )
})

const FORMATS = FORMAT_NAMES.filter((name) => name !== 'combined')

test.each(FORMATS)('%s: secrets that are added or logged are in no line, at any depth', async (format) => {
  const { app, log } = await startApp({ format }, (each) => {
    each.get('/', async (request) => {
      request.waybill.add({
        token: SECRET,
        user: { name: 'Ada', apiKey: SECRET, list: [{ secret: SECRET }] },
      })
      request.log.info({ authorization: SECRET, headers: { cookie: SECRET } }, 'logged')
      request.log.child({ password: SECRET }).warn({ deep: { er: { accessToken: SECRET } } }, 'bound')
      throw Object.assign(new Error('failed'), { clientSecret: SECRET })
    })
  })
  await app.inject('/')
  expect(log.raw.length).toBe(4)
  expect(log.raw.join('')).not.toContain(SECRET)
  expect(log.raw.join('')).toContain('[redacted]')
  expect(log.raw.join('')).toContain('Ada')
})

test('redact: false turns it off', async () => {
  const { app, log } = await startApp({ redact: false }, (each) => {
    each.get('/', async (request) => {
      request.waybill.add({ token: SECRET })
      return 'ok'
    })
  })
  await app.inject('/')
  expect(log.events('completed')[0]).toMatchObject({ token: SECRET })
})

test('paths name more, in what is added and logged, and in details', async () => {
  const options: Options = {
    redact: ['user.email', '*.iban', 'items[*].price', 'headers.x-user', 'client_ip', 'query.code'],
    include: ['header:x-user', 'client_ip', 'query'],
    allowQuery: ['code', 'page'],
  }
  const { app, log } = await startApp(options, (each) => {
    each.get('/', async (request) => {
      const fields = { user: { email: 'a@b.c', id: 1 }, bank: { iban: 'DE1' }, items: [{ price: 1, n: 2 }] }
      request.waybill.add(fields)
      request.log.info(fields, 'logged')
      return 'ok'
    })
  })
  await app.inject({ url: '/?code=1&page=2', headers: { 'x-user': 'ada' } })
  const shown = {
    user: { email: '[redacted]', id: 1 },
    bank: { iban: '[redacted]' },
    items: [{ price: '[redacted]', n: 2 }],
  }
  expect(log.lines[1]).toMatchObject(shown)
  expect(log.events('completed')[0]).toMatchObject({
    ...shown,
    'header:x-user': '[redacted]',
    client_ip: '[redacted]',
    query: 'code=[redacted]&page=2',
  })
})

test('what add() gives to an own logger is redacted', async () => {
  const log = new Capture()
  const app = Fastify({ logger: { stream: log } })
  await app.register(waybill, { redact: ['user.email'] })
  app.get('/', async (request) => {
    request.waybill.add({ token: SECRET, user: { email: SECRET } })
    return 'ok'
  })
  await app.inject('/')
  expect(log.raw.join('')).not.toContain(SECRET)
})

test.each(FORMAT_NAMES)('%s: a parameter of a route is in no line', async (format: FormatName) => {
  const options: Options = {
    format,
    redact: ['path.token', 'path.rest'],
    include: ['referer', 'header:referer'],
  }
  const { app, log } = await startApp(options, (each) => {
    each.get('/reset/:token', async () => 'ok')
    each.get('/other/:id', async () => 'ok')
  })
  const headers = { referer: `https://shop.test/reset/${SECRET}` }
  await app.inject({ url: `/reset/${SECRET}?a=1`, headers })
  await app.inject({ url: `/nowhere/${SECRET}`, headers })
  await app.inject({ method: 'POST', url: `/reset/${SECRET}`, headers })
  await app.inject({ url: `/reset/${SECRET}%zz`, headers })
  await app.inject({ url: '/other/42', headers })
  const text = log.raw.join('')
  expect(text).not.toContain(SECRET)
  expect(text).toContain('/reset/[redacted]')
  expect(text).toContain('/other/42')
})

test.each(VERSIONS)(
  'on %s, whose route is not known at the start, the start has no path',
  async (_name, create) => {
    const declare = (app: Express): void => {
      app.get('/reset/:token', (_request, response) => {
        response.send('ok')
      })
    }
    const { log, get } = await serveExpress(create, declare, { redact: ['path.token'] })
    await get(`/reset/${SECRET}`)
    await log.completions(1)
    expect(log.raw.join('')).not.toContain(SECRET)
    expect(log.lines).toMatchObject([
      { event: 'request.started', message: 'GET' },
      { event: 'request.completed', path: '/reset/[redacted]', route: '/reset/:token' },
    ])
    expect(log.lines[0]).not.toHaveProperty('path')
  },
)

test.each([
  ['/reset/abc', '/reset/:token', '/reset/[redacted]'],
  ['/reset/abc/def', '/reset/:token/:other', '/reset/[redacted]/def'],
  ['/files/a.png', '/files/:token(^\\d+).png', '/files/[redacted]'],
  ['/v1/x/reset/abc', '/reset/:token', '[redacted]'],
  ['/plain', '/plain', '/plain'],
  ['/a/b/c', '/a/*token', '/a/[redacted]/[redacted]'],
] as const)('%s of %s is shown as %s', (path, route, shown) => {
  expect(redactPath(path, route, new Set(['token']))).toBe(shown)
})

test('matching a secret key takes linear time', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 50 }), (key) => {
      expectCpuWithin(500, () => void isSecret(key.repeat(20_000)), key)
    }),
  )
})

test('path.* redacts all parameters', () => {
  const { parameters } = createRedactor(['path.*'])
  expect(redactPath('/a/1/files/2/3', '/a/:id/files/*', parameters)).toBe(
    '/a/[redacted]/files/[redacted]/[redacted]',
  )
})

test('path redacts the whole path, from the start on', async () => {
  const { app, log } = await startApp({ redact: ['path'] }, (each) => {
    each.get('/reset/:token', async () => 'ok')
  })
  await app.inject(`/reset/${SECRET}`)
  await app.inject(`/nowhere/${SECRET}`)
  expect(log.raw.join('')).not.toContain(SECRET)
  expect(log.lines).toMatchObject([
    { event: 'request.started', path: '[redacted]', message: 'GET [redacted]' },
    { event: 'request.completed', path: '[redacted]', route: '/reset/:token' },
    { event: 'request.started', path: '[redacted]' },
    { event: 'request.completed', path: '[redacted]', status: 404 },
  ])
})

test('a request in a log line shows only what its event shows', async () => {
  const { app, log } = await startApp({ redact: ['path.token'] }, (each) => {
    each.get('/reset/:token', async (request) => {
      request.log.info({ req: request }, 'as req')
      request.log.info({ request: request.raw }, 'raw')
      request.log.info(request.raw, 'alone')
      request.log.info(
        { req: { method: 'GET', url: '/other?token=1', headers: { cookie: SECRET } } },
        'of another',
      )
      return 'ok'
    })
  })
  await app.inject({ url: `/reset/${SECRET}`, headers: { authorization: SECRET } })
  expect(log.raw.join('')).not.toContain(SECRET)
  expect(log.lines[1]).toMatchObject({ req: { method: 'GET', path: '/reset/[redacted]' } })
  expect(log.lines[4]?.req).toEqual({ method: 'GET', path: '/other' })
})

test('a logged `event` field can not forge an event of waybill', async () => {
  const { app, log } = await startApp({}, (each) => {
    each.get('/', async (request) => {
      request.log.info({ event: 'request.completed', status: 200 }, 'forged')
      request.log.info({ event: 'user.created' }, 'said')
      return 'ok'
    })
  })
  await app.inject('/')
  const ecs = new Capture()
  createLogger({ destination: ecs, format: 'ecs' }).info({ event: 'request.completed' }, 'forged')
  createLogger({ destination: ecs, format: 'ecs' }).info({ event: 'user.created' }, 'said')
  expect(ecs.lines[0]).toMatchObject({ labels: { event: 'request.completed' } })
  expect(ecs.lines[0]).not.toHaveProperty('event.action')
  expect(ecs.lines[1]).toMatchObject({ 'event.action': 'user.created' })
  expect(log.lines[2]).toMatchObject({ event: 'user.created' })
})

test('redact paths match err and error, headers in any case, and those of child loggers', () => {
  const log = new Capture()
  const logger = createLogger({ destination: log, format: 'json', redact: ['error.message', 'user.email'] })
  logger.error({ err: new Error(SECRET) }, 'said')
  logger
    .child({}, { redact: ['more'] })
    .info({ user: { email: SECRET }, more: SECRET, password: SECRET }, 'said')
  expect(log.raw.map((line) => line.replace(/"stack":"[^"]*"/, '')).join('')).not.toContain(SECRET)
})

test('redacted items count towards the limit', () => {
  const log = new Capture()
  const logger = createLogger({ destination: log, format: 'json', redact: ['items[*]'] })
  const items = Array(4_000_000).fill(SECRET)
  expectCpuWithin(2000, () => logger.info({ items }, 'said'))
  expect(log.lines[0]).toMatchObject({ truncated: true })
})
