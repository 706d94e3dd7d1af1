import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify'
import { expect, test } from 'vitest'
import waybill from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { ask, listen } from '../support/http.js'
import { nextWarning } from '../support/warnings.js'

/** Has an app refuse, without any route, whatever asks for a secret. */
function refuseSecrets(app: FastifyInstance): void {
  app.addConstraintStrategy({
    name: 'secret',
    storage: () => {
      const routes = new Map<unknown, unknown>()
      return { get: (key) => (routes.get(key) ?? null) as never, set: (key, route) => routes.set(key, route) }
    },
    deriveConstraint: (_request: unknown, _context: unknown, done?: (error: Error) => void) =>
      done?.(new Error('vault is sealed')),
  } as Parameters<FastifyInstance['addConstraintStrategy']>[0])
  app.get('/secret', { constraints: { secret: 'a' } }, async () => '')
}

const FRAMEWORK_ERRORS = [
  ['FST_ERR_BAD_URL', 400, '/%zz'],
  ['FST_ERR_MAX_PARAM_LENGTH', 414, `/users/${'x'.repeat(200)}`],
  ['FST_ERR_ASYNC_CONSTRAINT', 500, '/secret'],
] as const

function answerOwnWay(error: { code?: string }, _request: unknown, reply: FastifyReply): void {
  reply.code(422).send(error.code)
}

async function answers(
  options: FastifyServerOptions,
  target: string,
  log?: Capture,
): Promise<(number | string)[]> {
  const app = Fastify(options)
  if (log !== undefined) await app.register(waybill, { destination: log })
  app.get('/users/:id', async () => '')
  if (target === '/secret') refuseSecrets(app)
  const { status, body, headers } = await ask(await listen(app), target)
  await log?.completions(1)
  await app.close()
  const others = Object.entries(headers).filter(([name]) => name !== 'date' && name !== 'x-request-id')
  return [status, body, JSON.stringify(others)]
}

test.each(FRAMEWORK_ERRORS)(
  'logs %s with the status %i that Fastify answers, which the client gets as before',
  async (code, status, target) => {
    const log = new Capture()
    expect(await answers({}, target, log)).toEqual(await answers({}, target))
    expect(log.events('completed')).toMatchObject([{ outcome: 'rejected', status, error: { code } }])
    expect(log.events('completed')[0]).toHaveProperty('error.type', 'FastifyError')
  },
)

test.each(FRAMEWORK_ERRORS)(
  'logs %s with the status that an app answers itself',
  async (code, _status, target) => {
    const log = new Capture()
    const frameworkErrors = answerOwnWay as unknown as NonNullable<FastifyServerOptions['frameworkErrors']>
    expect(await answers({ frameworkErrors }, target, log)).toEqual(
      await answers({ frameworkErrors }, target),
    )
    expect(log.events('completed')).toMatchObject([{ outcome: 'rejected', status: 422, error: { code } }])
  },
)

test('logs neither the query nor the password that the message of a framework error quotes', async () => {
  const log = new Capture()
  const app = Fastify({ frameworkErrors: (_error, _request, reply) => reply.raw.writeHead(500).end() })
  await app.register(waybill, { destination: log })
  app.get('/users/:id', async () => '')
  await app.inject("/%zz?token='secret'")
  await app.inject('/%zz;token=secret')
  await app.inject(`/users/${'x'.repeat(200)}?token=secret`)
  const messages = log.events('completed').map(({ error }) => (error as { message: string }).message)
  expect(messages.slice(0, 2)).toEqual(Array(2).fill("'/%zz' is not a valid url component"))
  expect(messages[2]).toMatch(/x' is exceeding the max param length$/)
  expect(
    log.raw.join('').replaceAll('"path":"/%zz;token=secret"', '').replaceAll('GET /%zz;token=secret', ''),
  ).not.toContain('secret')
})

class NoHealth extends LogController {
  override isLogDisabled(request: FastifyRequest): boolean {
    return request.url.startsWith('/health')
  }
}

const SAY_NO_HEALTH = [
  ['an own LogController', { logController: new NoHealth() }],
  [
    'disableRequestLogging as a function',
    {
      logController: new LogController({
        disableRequestLogging: (request: FastifyRequest) => request.url.startsWith('/health'),
      }),
    },
  ],
] as const

test.each(SAY_NO_HEALTH)(
  'writes no lines for a request that %s keeps out of the log',
  async (_who, options) => {
    const log = new Capture()
    const app = Fastify(options)
    await app.register(waybill, { destination: log })
    app.get('/health', async (request) => {
      request.log.info('a line of the app')
      return ''
    })
    app.get('/users', async () => '')
    await app.inject('/health')
    await app.inject('/health/unknown')
    await app.inject('/users')
    expect(log.lines.map(({ event, path, message }) => [event, path ?? message])).toEqual([
      [undefined, 'a line of the app'],
      ['request.started', '/users'],
      ['request.completed', '/users'],
    ])
  },
)

test.each(SAY_NO_HEALTH)(
  'writes both lines for one that fails all the same, with %s',
  async (_who, options) => {
    const log = new Capture()
    const app = Fastify(options)
    await app.register(waybill, { destination: log })
    let arrivedAt = 0
    app.get('/health', async () => {
      arrivedAt = Date.now()
      while (Date.now() < arrivedAt + 20) await new Promise(setImmediate)
      throw new Error('database is gone')
    })
    await app.inject('/health')
    const [started, completed] = log.lines
    expect(log.lines).toMatchObject([
      { event: 'request.started', path: '/health', message: 'GET /health' },
      { event: 'request.completed', status: 500, error: { message: 'database is gone' } },
    ])
    // The start is written late, with the time at which the request came.
    expect(Date.parse(String(started?.timestamp))).toBeLessThanOrEqual(arrivedAt)
    expect(Date.parse(String(completed?.timestamp))).toBeGreaterThanOrEqual(arrivedAt + 20)
  },
)

test('writes both lines for a request without a log whose client leaves', async () => {
  const log = new Capture()
  const app = Fastify({ logController: new NoHealth() })
  await app.register(waybill, { destination: log })
  const arrived = new Promise<void>((resolve) => {
    app.get('/health', () => resolve())
  })
  const leaving = new AbortController()
  const asked = ask(await listen(app), '/health', { signal: leaving.signal })
  await arrived
  leaving.abort()
  await expect(asked).rejects.toThrow('aborted')
  await log.completions(1)
  await app.close()
  expect(log.lines.slice(1).map(({ event, outcome }) => [event, outcome])).toEqual([
    ['request.started', undefined],
    ['request.completed', 'aborted'],
  ])
})

test("disableRequestLogging: true turns off Fastify's lines only", async () => {
  const log = new Capture()
  const app = Fastify({
    logger: { stream: log },
    logController: new LogController({ disableRequestLogging: true }),
  })
  await app.register(waybill)
  await app.inject('/')
  expect(log.lines.map(({ event }) => event)).toEqual(['request.started', 'request.completed'])
})

test('a log controller that throws causes only a warning', async () => {
  class Broken extends LogController {
    override isLogDisabled(): boolean {
      throw new Error('no idea')
    }
  }
  const log = new Capture()
  const app = Fastify({ logController: new Broken() })
  await app.register(waybill, { destination: log })
  const warning = nextWarning()
  expect((await app.inject('/')).statusCode).toBe(404)
  expect(await warning).toEqual({
    code: 'WAYBILL_WARN_OPTION_RESULT',
    message: 'waybill: isLogDisabled must return a boolean, it threw Error: no idea; the request was logged',
  })
  expect(log.lines.map(({ event }) => event)).toEqual(['request.started', 'request.completed'])
})

test("Fastify's requestIdLogLabel is refused, unless it is the default", async () => {
  const register = async (requestIdLogLabel: string): Promise<unknown> =>
    Fastify({ logController: new LogController({ requestIdLogLabel }) }).register(waybill, {
      destination: new Capture(),
    })
  await expect(register('traceId')).rejects.toMatchObject({
    code: 'WAYBILL_ERR_FASTIFY_OPTION',
    option: 'requestIdLogLabel',
    message: expect.stringContaining('got "traceId"'),
  })
  await expect(register('reqId')).resolves.toBeDefined()
})

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7/

test("the app's own genReqId makes the id when the client sends none", async () => {
  const log = new Capture()
  let count = 0
  const app = Fastify({ genReqId: (raw) => `${raw.method}-${++count}` })
  await app.register(waybill, { destination: log })
  app.get('/', async (request) => request.id)
  const port = await listen(app)
  const made = await ask(port, '/')
  const brought = await ask(port, '/', { headers: { 'x-request-id': 'abc' } })
  const refused = await ask(port, '/%zz', { headers: { 'x-request-id': 'a b' } })
  await log.completions(3)
  await app.close()
  expect([made.body, made.headers['x-request-id']]).toEqual(['GET-1', 'GET-1'])
  expect(brought.body).toBe('abc')
  expect(refused.headers['x-request-id']).toBe('GET-2')
  expect(log.events('completed').map((line) => line.request_id)).toEqual(['GET-1', 'abc', 'GET-2'])
})

test('genReqId yields to requestId.generate, and to a UUID when its id is invalid', async () => {
  const explicit = Fastify({ genReqId: () => 'of-fastify' })
  await explicit.register(waybill, {
    destination: new Capture(),
    requestId: { generate: () => 'of-waybill' },
  })
  expect((await explicit.inject('/')).headers['x-request-id']).toBe('of-waybill')

  const invalid = Fastify({ genReqId: () => 'not an id' })
  await invalid.register(waybill, { destination: new Capture() })
  const warning = nextWarning()
  expect((await invalid.inject('/')).headers['x-request-id']).toMatch(UUID)
  expect((await warning).message).toMatch(
    /^waybill: option "genReqId" must return a string .* got "not an id"; a UUID was used$/,
  )
})

test('numbers from genReqId are valid ids', async () => {
  let count = 0
  const app = Fastify({ genReqId: () => ++count as unknown as string })
  await app.register(waybill, { destination: new Capture() })
  expect((await app.inject('/')).headers['x-request-id']).toBe('1')
})

type Factory = NonNullable<FastifyServerOptions['childLoggerFactory']>

/** A factory whose loggers have a method of their own, and how often it was asked. */
function customLoggers(): { childLoggerFactory: Factory; asked: () => number } {
  let count = 0
  const childLoggerFactory: Factory = (logger, bindings, options, raw) => {
    count++
    const child = logger.child({ ...bindings, verb: raw.method }, options)
    return Object.assign(child, { custom: (text: string) => child.info(text) })
  }
  return { childLoggerFactory, asked: () => count }
}

async function useCustom(request: FastifyRequest): Promise<string> {
  ;(request.log as unknown as { custom(text: string): void }).custom('by its own method')
  request.log.child({ part: 1 }).info('by a child')
  return ''
}

test.each([
  ['the option of an app', (factory: Factory) => Fastify({ childLoggerFactory: factory }), {}],
  ['setChildLoggerFactory', (factory: Factory) => Fastify().setChildLoggerFactory(factory), {}],
  ['the option of a route', () => Fastify(), { isOfRoute: true }],
])(
  'makes request loggers with the factory of %s, without an own logger',
  async (_who, create, { isOfRoute }: { isOfRoute?: boolean }) => {
    const log = new Capture()
    const { childLoggerFactory, asked } = customLoggers()
    const app = create(childLoggerFactory) as FastifyInstance
    const options = isOfRoute ? { childLoggerFactory } : {}
    app.get('/before', options, useCustom)
    await app.register(waybill, { destination: log })
    app.get('/after', options, useCustom)
    for (const url of ['/before', '/after'])
      expect((await app.inject({ url, headers: { 'x-request-id': 'abc' } })).statusCode).toBe(200)
    const lines = log.lines.filter(({ event }) => event === undefined)
    const shared = { request_id: 'abc', verb: 'GET' }
    const expected = [
      { ...shared, message: 'by its own method' },
      { ...shared, part: 1, message: 'by a child' },
    ]
    expect(lines).toMatchObject([...expected, ...expected])
    for (const line of log.raw) expect(line.split('"request_id"')).toHaveLength(2)
    expect(asked()).toBe(2)
  },
)

test('writes lines of an app logger that was kept from before the registration', async () => {
  const log = new Capture()
  const app = Fastify()
  const other = Fastify()
  const kept = app.log
  const child = app.log.child({ part: 'jobs' })
  await app.register(waybill, { destination: log })
  kept.info({ n: 1 }, 'kept')
  kept.child({ part: 'mail' }).warn('child of the kept one')
  child.error('child kept')
  other.log.info('of another app')
  expect(log.lines).toMatchObject([
    { level: 'info', n: 1, message: 'kept' },
    { level: 'warn', part: 'mail', message: 'child of the kept one' },
    { level: 'error', message: 'child kept' },
  ])
})

test('calls the logger factory again when waybill is registered in a child context', async () => {
  const log = new Capture()
  const { childLoggerFactory } = customLoggers()
  const app = Fastify({ childLoggerFactory })
  app.get('/outside', async () => '')
  await app.register(async (inner) => {
    await inner.register(waybill, { destination: log })
    inner.get('/', useCustom)
  })
  await app.inject('/outside')
  expect((await app.inject({ url: '/', headers: { 'x-request-id': 'abc' } })).statusCode).toBe(200)
  expect(log.lines.filter(({ event }) => event === undefined)).toMatchObject([
    { request_id: 'abc', verb: 'GET', message: 'by its own method' },
    { request_id: 'abc', verb: 'GET', part: 1, message: 'by a child' },
  ])
  for (const line of log.raw) expect(line.split('"request_id"')).toHaveLength(2)
})
