import Fastify, { type FastifyBaseLogger, type FastifyServerOptions } from 'fastify'
import { multistream, pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MiddlewareOptions } from '../../src/express.js'
import waybill, { log as currentLog, type Options } from '../../src/index.js'
import { FORMAT_NAMES } from '../../src/vocabulary.js'
import { adapters } from '../contract/adapters.js'
import type { Exchange } from '../contract/service.js'
import { startApp } from '../support/app.js'
import { Capture, type Line } from '../support/capture.js'

const whatOf = ({ event, message, msg }: Line): unknown => event ?? message ?? msg

describe.each(adapters)('$name', (adapter) => {
  async function startService(options: MiddlewareOptions, handle: (exchange: Exchange) => void) {
    const log = new Capture()
    const service = await adapter.start({ destination: log, ...options }, [{ pattern: '/x/:status', handle }])
    onTestFinished(service.close)
    return { ...service, log }
  }

  function handle({ log, params, response }: Exchange): void {
    const value = { count: 1 }
    log.debug({ value }, 'first')
    value.count = 2
    log.child({ part: 'a' }).debug('of a child')
    log.trace('too low')
    log.info('written')
    response.statusCode = Number(params.status)
    response.end('x')
  }

  test('held lines are written before the completion of a request that fails, and only then', async () => {
    const { client, log } = await startService({ hold: 'debug' }, handle)
    await client.ask('/x/200')
    await client.ask('/x/404')
    await client.ask('/x/500')
    await log.completions(3)
    const quiet = ['request.started', 'written', 'request.completed']
    expect(log.lines.map(whatOf)).toEqual([
      ...quiet,
      ...quiet,
      ...['request.started', 'written', 'first', 'of a child', 'request.completed'],
    ])
    const [first, child] = log.lines.filter(({ level }) => level === 'debug')
    const { request_id: id } = log.events('completed')[2] ?? {}
    expect(first).toMatchObject({ request_id: id, value: { count: 1 } })
    expect(child).toMatchObject({ request_id: id, part: 'a' })
    expect(Date.parse(String(first?.timestamp))).toBeLessThanOrEqual(
      Date.parse(String(log.lines.at(-1)?.timestamp)),
    )
  })

  test('flush() writes what is held, and all that comes after it at once', async () => {
    const { client, log } = await startService(
      { hold: 'debug', quiet: ['*'] },
      ({ log: own, waybill: record, response }) => {
        own.debug('before')
        record.flush()
        own.debug('after')
        response.end('ok')
      },
    )
    await client.ask('/x/200')
    await log.until(({ message }) => message === 'after')
    expect(log.lines.map(whatOf)).toEqual(['before', 'after'])
  })

  test('a client that leaves makes them known', async () => {
    const { client, log } = await startService({ hold: 'debug' }, ({ log: own }) => {
      own.debug('waiting for the database')
      own.info('arrived')
    })
    await client.leave('/x/1', () => log.until(({ message }) => message === 'arrived'))
    await log.completions(1)
    expect(log.lines.map(whatOf)).toEqual([
      ...['request.started', 'arrived', 'waiting for the database', 'request.completed'],
    ])
  })
})

test('a quiet request that fails has its start, its held lines and its completion, in order', async () => {
  const { app, log } = await startApp({ hold: 'debug', quiet: ['*'] })
  app.get('/', async (request, reply) => {
    currentLog.debug('current')
    request.log.debug('own')
    return reply.code(500).send('x')
  })
  await app.inject('/')
  expect(log.lines.map(whatOf)).toEqual(['request.started', 'current', 'own', 'request.completed'])
})

test('they are held through a pino logger of the app, which keeps its level and its redaction', async () => {
  const log = new Capture()
  const app = Fastify({ loggerInstance: pino({ redact: ['secret'], base: { app: 'shop' } }, log) })
  await app.register(waybill, { hold: 'debug' })
  app.get('/:status', async (request, reply) => {
    request.log.debug({ secret: 'x' }, 'held')
    app.log.debug('of the app')
    request.log.info('written')
    return reply.code(Number((request.params as { status: string }).status)).send('x')
  })
  await app.inject('/200')
  await app.inject('/500')
  expect(log.lines.map(whatOf)).toEqual([
    ...['request.started', 'written', 'request.completed'],
    ...['request.started', 'written', 'held', 'request.completed'],
  ])
  expect(log.lines[5]).toMatchObject({
    level: 20,
    app: 'shop',
    secret: '[Redacted]',
    request_id: expect.any(String),
  })
  expect(app.log.level).toBe('info')
})

describe('they are held whatever loggers an app gives to its requests', () => {
  type Factory = NonNullable<FastifyServerOptions['childLoggerFactory']>
  const factories: Record<string, Factory> = {
    'children without options': (logger, bindings) => logger.child(bindings),
    'children of children': (logger, bindings) =>
      logger.child({ part: 'shop' }).child(bindings, { level: 'info' }),
    'children with a redaction and a prefix': (logger, bindings) =>
      logger.child(bindings, { redact: ['secret'], msgPrefix: '' }),
    "the app's own": (logger) => logger,
  }

  test.each(Object.entries(factories))('%s', async (_name, childLoggerFactory) => {
    const log = new Capture()
    const app = Fastify({ loggerInstance: pino({}, log) as FastifyBaseLogger, childLoggerFactory })
    await app.register(waybill, { hold: 'debug' })
    app.get('/:status', { logLevel: 'warn' }, async (request, reply) => {
      request.log.debug('held')
      request.log.child({ of: 'a child' }).info('held, too')
      request.log.warn('written')
      return reply.code(Number((request.params as { status: string }).status)).send('x')
    })
    await app.inject('/200')
    await app.inject('/500')
    const own = log.lines.filter(({ event }) => event === undefined)
    // A factory that ignores the options of a route ignores its level, too.
    const isIgnored = own[0]?.msg === 'held, too'
    const before = isIgnored ? ['held, too', 'written'] : ['written']
    expect(own.map(whatOf)).toEqual([...before, ...before, 'held', ...(isIgnored ? [] : ['held, too'])])
    expect(app.log.level).toBe('info')
    const ids = log.lines.map(({ request_id: id }) => id)
    expect(new Set(ids.filter((id) => id !== undefined)).size).toBe(2)
  })
})

test('a level that changes while the service runs decides what is held', async () => {
  const { app, log } = await startApp({ hold: 'debug' })
  app.get('/', async (request) => {
    request.log.debug('held')
    app.log.level = 'debug'
    request.log.debug('written')
    return 'ok'
  })
  await app.inject('/')
  await app.inject('/')
  expect(log.lines.map(whatOf)).toEqual([
    ...['request.started', 'written', 'request.completed'],
    ...['request.started', 'held', 'written', 'request.completed'],
  ])
})

test('a request holds 100 lines and 64 KiB, the oldest go first and are counted', async () => {
  const { app, log } = await startApp({ hold: 'debug' })
  app.get('/many', async (request) => {
    for (let line = 0; line < 150; line++) request.log.debug(`line ${line}`)
    throw new Error('broken')
  })
  app.get('/long', async (request) => {
    for (let line = 0; line < 30; line++) request.log.debug({ text: 'x'.repeat(4000) }, `line ${line}`)
    throw new Error('broken')
  })
  await app.inject('/many')
  const [, dropped, first] = log.lines
  expect(dropped).toMatchObject({ level: 'warn', dropped: 50, request_id: expect.any(String) })
  expect(first).toMatchObject({ message: 'line 50' })
  expect(log.lines).toHaveLength(103)
  log.raw.length = 0
  await app.inject('/long')
  const lines = log.lines.filter(({ level }) => level === 'debug')
  expect(lines.at(-1)).toMatchObject({ message: 'line 29' })
  expect(lines.length).toBeGreaterThan(10)
  expect(lines.length).toBeLessThan(17)
  expect(log.lines[1]).toMatchObject({ dropped: 30 - lines.length })
})

test('all requests together hold 16 MiB, those of the oldest go first', async () => {
  const { app, log } = await startApp({ hold: 'debug', startLevel: false })
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  app.get('/:at', async (request, reply) => {
    for (let line = 0; line < 16; line++) request.log.debug({ text: 'x'.repeat(3900) }, `line ${line}`)
    await released
    return reply.code(500).send('x')
  })
  const answers = Array.from({ length: 400 }, (_, at) => app.inject(`/${at}`))
  await new Promise((resolve) => setTimeout(resolve, 500))
  release()
  await Promise.all(answers)
  const size = log.raw.filter((line) => line.includes('"debug"')).reduce((sum, line) => sum + line.length, 0)
  expect(size).toBeGreaterThan(8_000_000)
  expect(size).toBeLessThan(16.8 * 1_048_576)
  const held = new Map<unknown, number>()
  for (const { request_id: id, level } of log.lines)
    if (level === 'debug') held.set(id, (held.get(id) ?? 0) + 1)
  expect(log.lines.find(({ dropped }) => dropped === 16)).toBeDefined()
  expect([...held.values()].at(-1)).toBe(16)
})

test('a line after the end of a request that went well takes no room from others', async () => {
  const { app, log } = await startApp({ hold: 'debug', startLevel: false })
  const own: { debug(fields: object, message: string): void }[] = []
  app.get('/well', async (request) => {
    own.push(request.log)
    return 'ok'
  })
  app.get('/fails', async (request, reply) => {
    request.log.debug('held')
    for (const each of own)
      for (let line = 0; line < 16; line++) each.debug({ text: 'x'.repeat(3900) }, 'late')
    return reply.code(500).send('x')
  })
  await Promise.all(Array.from({ length: 300 }, () => app.inject('/well')))
  await app.inject('/fails')
  expect(log.lines.slice(300).map(whatOf)).toEqual(['held', 'request.completed'])
})

test('nothing is held where the level is written anyway, or nothing is', async () => {
  for (const level of ['debug', 'silent'] as const) {
    const { app, log } = await startApp({ hold: 'debug', level })
    app.get('/', async (request, reply) => {
      request.log.debug('debug')
      return reply.code(500).send('x')
    })
    await app.inject('/')
    expect(log.lines.map(whatOf)).toEqual(
      level === 'debug' ? ['request.started', 'debug', 'request.completed'] : [],
    )
  }
})

test.each(FORMAT_NAMES.filter((name) => name !== 'combined'))('%s: held lines are whole', async (format) => {
  const { app, log } = await startApp({ format, hold: 'trace' })
  app.get('/', async (request, reply) => {
    request.log.trace({ nested: { deep: [1] } }, 'held here')
    return reply.code(500).send('x')
  })
  await app.inject('/')
  expect(log.raw).toHaveLength(3)
  expect(log.raw[1]).toContain('held here')
})

test('a destination of several streams gets each held line by its level', async () => {
  const all = new Capture()
  const errors = new Capture()
  const destination = multistream([
    { level: 'debug', stream: all },
    { level: 'error', stream: errors },
  ])
  const { app } = await startApp({ destination, hold: 'debug' })
  app.get('/', async (request, reply) => {
    request.log.debug('held')
    request.log.error('broken')
    return reply.code(500).send('x')
  })
  await app.inject('/')
  expect(errors.lines.map(whatOf)).toEqual(['broken', 'request.completed'])
  expect(all.lines.map(whatOf)).toContain('held')
})

test('a wrong level is refused', async () => {
  const options: Options = { hold: 'silent' as never }
  await expect(Fastify().register(waybill, options)).rejects.toMatchObject({ option: 'hold' })
})
