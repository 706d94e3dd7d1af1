import Fastify, { LogController } from 'fastify'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import waybill, { createLogger } from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { nextWarning } from '../support/warnings.js'

test('events go through the logger of the app, in its envelope, with the fields of the native line', async () => {
  const log = new Capture()
  const app = Fastify({ logger: { stream: log, base: { app: 'shop' } } })
  await app.register(waybill)
  app.get('/users/:id', async (request) => {
    request.log.info('between')
    request.waybill.add({ user_id: 42 })
    return 'ok'
  })
  const id = (await app.inject('/users/42')).headers['x-request-id']
  const time = expect.any(Number)
  expect(log.lines.map((line) => Object.entries(line))).toEqual([
    [
      ['level', 30],
      ['time', time],
      ['app', 'shop'],
      ['request_id', id],
      ['event', 'request.started'],
      ['method', 'GET'],
      ['path', '/users/42'],
      ['route', '/users/:id'],
      ['msg', 'GET /users/42'],
    ],
    [
      ['level', 30],
      ['time', time],
      ['app', 'shop'],
      ['request_id', id],
      ['msg', 'between'],
    ],
    [
      ['level', 30],
      ['time', time],
      ['app', 'shop'],
      ['request_id', id],
      ['event', 'request.completed'],
      ['method', 'GET'],
      ['path', '/users/42'],
      ['route', '/users/:id'],
      ['status', 200],
      ['duration_ms', expect.any(Number)],
      ['outcome', 'completed'],
      ['response_bytes', 2],
      ['user_id', 42],
      ['msg', expect.stringMatching(/^GET \/users\/42 200 [\d.]+ms$/)],
    ],
  ])
  expect(log.raw.every((line) => line.split('"request_id"').length === 2)).toBe(true)
})

test("the logger's level, redaction, serializers and keys apply to events", async () => {
  const log = new Capture()
  const logger = pino(
    {
      level: 'warn',
      messageKey: 'text',
      redact: ['error.stack', 'user.email'],
      serializers: { outcome: (outcome: string) => outcome.toUpperCase() },
    },
    log,
  )
  const app = Fastify({ loggerInstance: logger })
  await app.register(waybill)
  app.get('/ok', async () => 'ok')
  app.get('/throws', async (request) => {
    request.waybill.add({ user: { id: 1, email: 'ada@shop.test' } })
    throw new Error('broken')
  })
  await app.inject('/ok')
  await app.inject('/throws')
  expect(log.lines).toMatchObject([
    {
      level: 50,
      outcome: 'COMPLETED',
      error: { type: 'Error', message: 'broken', stack: '[Redacted]' },
      user: { id: 1, email: '[Redacted]' },
      text: expect.stringMatching(/^GET \/throws 500/),
    },
  ])
})

test("a route's logLevel applies, and bindings of a handler are on the completion", async () => {
  const log = new Capture()
  const app = Fastify({ logger: { stream: log } })
  await app.register(waybill)
  app.get('/health', { logLevel: 'error' }, async () => 'ok')
  app.get('/', async (request) => {
    request.log = request.log.child({ tenant: 'acme' })
    return 'ok'
  })
  await app.inject('/health')
  await app.inject('/')
  expect(log.lines.map(({ path, tenant }) => [path, tenant])).toEqual([
    ['/', undefined],
    ['/', 'acme'],
  ])
})

test('a line has the id once when the app makes its request loggers itself', async () => {
  const log = new Capture()
  const app = Fastify({
    logger: { stream: log },
    childLoggerFactory: (logger) => logger.child({ shop: 1 }),
  })
  await app.register(waybill)
  app.get('/', async () => 'ok')
  const id = (await app.inject({ url: '/', headers: { 'x-request-id': 'abc' } })).headers['x-request-id']
  expect(log.lines.map(({ request_id }) => request_id)).toEqual([id, id])
})

test('a line has the id once when a context or a handler replaces the logger', async () => {
  const log = new Capture()
  const app = Fastify({ logger: { stream: log } })
  await app.register(waybill)
  app.get('/root', async () => '')
  app.get('/replaced', async (request) => {
    request.log = app.log.child({ tenant: 1 })
    return ''
  })
  await app.register(async (inner) => {
    inner.setChildLoggerFactory((logger) => logger.child({ part: 'inner' }))
    inner.get('/inner', async () => '')
  })
  for (const url of ['/root', '/replaced', '/inner', '/root']) {
    await app.inject({ url, headers: { 'x-request-id': `id-of-${url.slice(1)}` } })
  }
  for (const line of log.raw) expect(line.split('"request_id":"id-of-')).toHaveLength(2)
})

test('a serializer that throws on an added field loses the added fields, not the completion', async () => {
  const log = new Capture()
  const app = Fastify({ logger: { stream: log } })
  await app.register(waybill)
  app.get('/', async (request) => {
    request.waybill.add({ req: null })
    return ''
  })
  await app.inject('/')
  expect(log.events('completed')).toMatchObject([{ status: 200, outcome: 'completed' }])
})

test("a hostile path is one valid line within the limit through the app's logger", async () => {
  const log = new Capture()
  const app = Fastify({ logger: { stream: log } })
  await app.register(waybill, { include: ['user_agent'] })
  app.get('/throws', async (request) => {
    request.waybill.add({ text: 'x'.repeat(1_000_000) })
    throw new Error(`\x9b31m${'y'.repeat(1_000_000)}`)
  })
  app.get('/bound', async (request) => {
    request.log = request.log.child({ bound: 'b'.repeat(3000) })
    request.waybill.add({ text: '\x9b31m'.repeat(2000) })
    return ''
  })
  await app.inject({ url: `/${'p'.repeat(16_000)}`, headers: { 'user-agent': '\x9b31m\x7f' } })
  await app.inject('/throws')
  await app.inject('/bound')
  await app.inject({ url: `/${'%C2%85'.repeat(900)}` })
  expect(log.lines).toHaveLength(8)
  for (const line of log.raw) {
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(8000)
    expect(line).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
  }
  expect(log.lines[1]).toMatchObject({ path: expect.stringMatching(/^\/p{2999}$/), truncated: true })
})

test('a logger that throws loses its event with a warning, not the request', async () => {
  const log = new Capture()
  const outcome = (): never => {
    throw new Error('serializer broke')
  }
  const app = Fastify({ logger: { stream: log, serializers: { outcome } } })
  await app.register(waybill)
  app.get('/', async () => 'ok')
  const warning = nextWarning()
  expect((await app.inject('/')).body).toBe('ok')
  expect(await warning).toEqual({
    code: 'WAYBILL_WARN_EVENT_LOST',
    message: 'waybill: an event is lost: its destination or logger threw Error: serializer broke',
  })
  expect(log.lines.map(({ event }) => event)).toEqual(['request.started'])
})

test('a log controller that several apps share is left to the others', async () => {
  const logController = new LogController()
  const logs = { logged: new Capture(), other: new Capture() }
  const logged = Fastify({ logger: { stream: logs.logged }, logController })
  const other = Fastify({ logger: { stream: logs.other }, logController })
  await logged.register(waybill)
  for (const app of [logged, other]) await app.inject('/')
  expect(logs.logged.lines.map(({ event }) => event)).toEqual(['request.started', 'request.completed'])
  expect(logs.other.lines.map(({ msg }) => msg)).toEqual([
    'incoming request',
    'Route GET:/ not found',
    'request completed',
  ])
})

test('on a Fastify with other internals, events are the same and a warning says how to silence its lines', async () => {
  const log = new Capture()
  const app = Fastify({ logger: { stream: log } })
  const symbols = vi.spyOn(Object, 'getOwnPropertySymbols').mockImplementation(visibleSymbols)
  const warning = nextWarning()
  await app.register(waybill)
  symbols.mockRestore()
  app.get('/', async (request) => {
    request.log.info('between')
    return request.id
  })
  const { body } = await app.inject('/')
  expect((await warning).code).toBe('WAYBILL_WARN_FASTIFY_LINES')
  expect(log.lines.filter(({ event }) => event !== undefined)).toMatchObject([
    { event: 'request.started', request_id: body },
    { event: 'request.completed', request_id: body, status: 200 },
  ])
  expect(log.lines.find(({ msg }) => msg === 'between')).toMatchObject({ request_id: body })
})

function visibleSymbols(instance: object): symbol[] {
  const symbols = Reflect.ownKeys(instance).filter((key) => typeof key === 'symbol')
  return symbols.filter(({ description }) => description !== 'fastify.logController')
}

test('a logger of createLogger() writes the native envelope wherever it is used', async () => {
  const log = new Capture()
  const app = Fastify({ loggerInstance: createLogger({ destination: log }) })
  await app.register(waybill)
  await app.inject('/')
  app.log.error({ err: new Error('e') }, 'own')
  expect(Object.keys(log.lines[0] ?? {}).slice(0, 4)).toEqual(['timestamp', 'level', 'event', 'request_id'])
  expect(log.lines.map(({ message }) => message)).toEqual([
    'GET /',
    expect.stringMatching(/^GET \/ 404/),
    'own',
  ])
})

class NotPaid extends Error {
  override name = 'NotPaid'
}

test.each([
  ['the serializer that pino brings', {}],
  ['the same under the name of the field', { error: pino.stdSerializers.err }],
  ['the one that adds causes', { err: pino.stdSerializers.errWithCause }],
])('an error has its own type where errors are logged as `error`, with %s', async (_case, serializers) => {
  const log = new Capture()
  for (const mixin of [undefined, () => ({ mixed: 1 })]) {
    const options = { stream: log, errorKey: 'error', serializers, ...(mixin && { mixin }) }
    const app = Fastify({ logger: options })
    await app.register(waybill)
    app.get('/', async () => {
      throw Object.assign(new NotPaid('broken'), { code: 'E_PAID', secret: 1 })
    })
    await app.inject('/')
  }
  const error = { type: 'NotPaid', code: 'E_PAID', message: 'broken', stack: expect.any(String) }
  expect(log.events('completed').map((line) => line.error)).toEqual([error, error])
})

test.each(['error', 'err'])('a serializer `%s` of the app is given what was thrown', async (name) => {
  const log = new Capture()
  const given: unknown[] = []
  const serialize = (error: unknown) => {
    given.push(error)
    return { is: (error as Error).name, text: '\x9b31m', big: 'x'.repeat(20_000) }
  }
  const app = Fastify({ logger: { stream: log, errorKey: 'error', serializers: { [name]: serialize } } })
  await app.register(waybill)
  const thrown = new NotPaid('broken')
  app.get('/', async () => {
    throw thrown
  })
  await app.inject('/')
  expect(given).toEqual([thrown])
  expect(log.lines[1]).toMatchObject({ error: { is: 'NotPaid', text: '%C2%9B31m' }, truncated: true })
  expect(Buffer.byteLength(log.raw[1] ?? '')).toBeLessThanOrEqual(8000)
})

test('an error serializer that throws is skipped, and the event written', async () => {
  const log = new Capture()
  const error = (): never => {
    throw new Error('serializer broke')
  }
  const app = Fastify({ logger: { stream: log, serializers: { error } } })
  await app.register(waybill)
  app.get('/', async () => {
    throw new NotPaid('broken')
  })
  await app.inject('/')
  expect(log.lines[1]).toMatchObject({ status: 500, error: { type: 'NotPaid', message: 'broken' } })
})

test.each([
  ['a path within an error', ['error.stack'], { type: 'Error', message: 'broken', stack: '[Redacted]' }],
  ['the whole error', ['error'], '[Redacted]'],
  ['what stands anywhere', ['*.message'], expect.objectContaining({ message: '[Redacted]' })],
])("redaction of %s by the app's logger applies to events", async (_case, redact, error) => {
  const log = new Capture()
  const app = Fastify({ logger: { stream: log, redact } })
  await app.register(waybill)
  app.get('/', async () => {
    throw new Error('broken')
  })
  await app.inject('/')
  expect(log.events('completed').map((line) => line.error)).toEqual([error])
})
