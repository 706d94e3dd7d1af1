import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MiddlewareOptions } from '../../src/express.js'
import waybill, { type Options, type RequestView, WaybillError } from '../../src/index.js'
import { pathMatcher } from '../../src/request/path-pattern.js'
import { FORMAT_NAMES } from '../../src/vocabulary.js'
import { adapters } from '../contract/adapters.js'
import { startService as start } from '../contract/service.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { listen } from '../support/http.js'
import { nextWarning } from '../support/warnings.js'

describe.each(adapters)('$name', (adapter) => {
  async function startService(options: MiddlewareOptions) {
    const service = await start(adapter, options)
    onTestFinished(service.close)
    return service
  }

  test('a quiet request has no lines when it goes well, nor when its client is at fault', async () => {
    const { client, log } = await startService({ quiet: ['/status/*'] })
    for (const status of [200, 204, 302, 401, 404]) await client.ask(`/status/${status}?probe=1`)
    await client.ask('/nowhere')
    const completions = await log.completions(1)
    expect(completions).toMatchObject([{ path: '/nowhere' }])
    expect(log.events('started')).toMatchObject([{ path: '/nowhere' }])
  })

  test('a quiet request has both lines when something is wrong with it', async () => {
    const { client, log } = await startService({ quiet: [() => true] })
    await client.ask('/status/503')
    await client.ask('/status/429')
    await client.ask('/failing').catch(() => {})
    await client.leave('/waiting', () => log.until(({ message }) => message === 'arrived'))
    await client.endure('/half')
    const completions = await log.completions(5)
    expect(completions.map(({ path, outcome }) => `${path} ${outcome}`)).toEqual([
      '/status/503 completed',
      '/status/429 completed',
      expect.stringMatching(/^\/failing /),
      '/waiting aborted',
      '/half destroyed',
    ])
    const starts = log.events('started')
    expect(starts.map(({ request_id }) => request_id)).toEqual(
      completions.map(({ request_id }) => request_id),
    )
  })

  test('a slow one has both lines, the start with the time of its arrival', async () => {
    const { client, log } = await startService({ quiet: ['*'], slow: 50 })
    const gone = client.leave('/late', () => setTimeout(80))
    await gone
    await log.completions(1)
    const [logged, started, completed] = log.lines
    expect(logged).toMatchObject({ message: 'arrived' })
    expect(started).toMatchObject({ event: 'request.started', path: '/late' })
    expect(completed).toMatchObject({ event: 'request.completed', slow: true })
    const between = Date.parse(String(completed?.timestamp)) - Date.parse(String(started?.timestamp))
    expect(between).toBeGreaterThanOrEqual(50)
    expect(Math.abs(between - Number(completed?.duration_ms))).toBeLessThan(5)
  })

  test('a function sees the request', async () => {
    const seen: RequestView[] = []
    const { client, log } = await startService({
      quiet: [
        (request) => {
          seen.push(request)
          return request.headers['user-agent'] === 'probe'
        },
      ],
    })
    await client.ask('/users/1?a=b', { headers: { 'User-Agent': 'probe', 'X-Request-Id': 'one' } })
    await client.ask('/users/2', { headers: { 'X-Request-Id': 'two' } })
    await log.completions(1)
    expect(log.events('completed')).toMatchObject([{ path: '/users/2' }])
    expect(seen).toMatchObject([
      { id: 'one', method: 'GET', path: '/users/1', headers: { 'user-agent': 'probe' } },
      { id: 'two', method: 'GET', path: '/users/2' },
    ])
  })
})

test('completionLevel keeps a quiet request by raising its level, and silences any by its own', async () => {
  const { app, log } = await startApp({
    quiet: ['/health'],
    completionLevel: ({ path, status, level }) => {
      if (path === '/silent') return 'silent'
      return status === 404 ? 'error' : level
    },
  })
  app.get('/health', async (request, reply) => reply.code(Number(request.headers.status)).send('x'))
  app.get('/silent', async () => 'ok')
  const paths = []
  for (const status of ['200', '404', '403']) paths.push(app.inject({ url: '/health', headers: { status } }))
  await Promise.all(paths)
  await app.inject('/silent')
  expect(log.events('completed')).toMatchObject([{ path: '/health', status: 404, level: 'error' }])
  expect(log.events('started')).toMatchObject([{ path: '/health' }, { path: '/silent' }])
})

test('a level that is not raised keeps nothing', async () => {
  const { app, log } = await startApp({ quiet: ['*'], completionLevel: ({ level }) => level })
  await app.inject('/nowhere')
  expect(log.lines).toEqual([])
})

test('in Fastify a route is quiet by its config, and its logLevel stays a threshold', async () => {
  const { app, log } = await startApp()
  const config = { waybill: { quiet: true } }
  app.get('/health', { config }, async ({ headers }, reply) => reply.code(Number(headers.status)).send('x'))
  app.get('/warn', { config, logLevel: 'warn' }, async (_, reply) => reply.code(500).send('x'))
  for (const status of ['200', '500']) await app.inject({ url: '/health', headers: { status } })
  await app.inject('/warn')
  expect(log.lines.map(({ event, path }) => [event, path])).toEqual([
    ['request.started', '/health'],
    ['request.completed', '/health'],
    ['request.completed', '/warn'],
  ])
})

test('a config that is wrong is refused when the route is declared', async () => {
  const { app } = await startApp()
  const declare = (quiet: unknown) => () =>
    app.get('/a', { config: { waybill: { quiet: quiet as boolean } } }, async () => 'ok')
  expect(declare('yes')).toThrow(
    expect.objectContaining({ code: 'WAYBILL_ERR_OPTION_TYPE', option: 'config.waybill.quiet' }),
  )
  const config = { waybill: { quite: true } as object }
  expect(() => app.get('/b', { config }, async () => 'ok')).toThrow(
    'waybill: unknown option "config.waybill.quite", did you mean "config.waybill.quiet"?',
  )
})

test('an event that is held back has its own time through a logger of the app', async () => {
  for (const [timestamp, unit] of [
    [pino.stdTimeFunctions.epochTime, 1],
    [pino.stdTimeFunctions.isoTime, 1],
    [() => `,"time":"${new Date().toISOString()}"`, 1],
    [() => `,"time":${(Date.now() / 1000).toFixed(3)}`, 1000],
    [() => `,"time":${Date.now()}000`, 1 / 1000],
    [() => `,"time":${Date.now()}000000`, 1 / 1_000_000],
  ] as const) {
    const log = new Capture()
    const app = Fastify({ loggerInstance: pino({ timestamp }, log) })
    await app.register(waybill, { quiet: ['*'] })
    app.get('/', async (_, reply) => {
      await setTimeout(60)
      return reply.code(500).send('x')
    })
    await app.inject('/')
    const [started, completed] = log.lines.map(({ time }) =>
      typeof time === 'number' ? time * unit : Date.parse(String(time)),
    )
    expect((completed ?? 0) - (started ?? 0)).toBeGreaterThanOrEqual(59)
  }
})

test('a start that is held back is not said to be cut for what was added since', async () => {
  for (const hasOwnLogger of [false, true]) {
    const log = new Capture()
    const loggerInstance: FastifyBaseLogger = pino({ mixin: () => ({}) }, log)
    const app = Fastify(hasOwnLogger ? { loggerInstance } : {})
    await app.register(waybill, { quiet: ['*'], ...(!hasOwnLogger && { destination: log }) })
    app.get('/', async (request, reply) => {
      request.waybill.add({ long: 'x'.repeat(70_000) })
      return reply.code(500).send('x')
    })
    await app.inject('/')
    expect(log.lines.map(({ truncated }) => truncated)).toEqual([undefined, true])
  }
})

test.each(FORMAT_NAMES)(
  '%s: a quiet request that fails has its lines, one that does not has none',
  async (format) => {
    const { app, log } = await startApp({ quiet: ['*'], format })
    app.get('/fails', async (_, reply) => reply.code(500).send('x'))
    app.get('/', async () => 'ok')
    await app.inject('/')
    expect(log.raw).toEqual([])
    await app.inject('/fails')
    expect(log.raw).toHaveLength(format === 'combined' ? 1 : 2)
  },
)

test('what can not be parsed is never quiet', async () => {
  const { app, log } = await startApp({ quiet: ['*', () => true], sample: 0 })
  const port = await listen(app)
  connect(port, '127.0.0.1').end('nonsense\r\n\r\n')
  await log.completions(1)
  await app.close()
  expect(log.events('started')).toHaveLength(1)
  expect(log.events('completed')).toMatchObject([{ outcome: 'rejected', status: 400 }])
})

test('a function that throws or returns no boolean makes nothing quiet, and that is said once', async () => {
  const rules = [
    () => {
      throw new Error('broken')
    },
    () => 'yes' as unknown as boolean,
  ]
  const { app, log } = await startApp({ quiet: rules })
  const warning = nextWarning()
  await app.inject('/')
  expect(log.lines).toHaveLength(2)
  expect(await warning).toEqual({
    code: 'WAYBILL_WARN_OPTION_RESULT',
    message: expect.stringMatching(/^waybill: option "quiet" must return a boolean, got .*broken/),
  })
})

test.each<[Options, string, string]>([
  [
    { quiet: '/health' as never },
    'quiet',
    'must be an array of paths, patterns and functions, got "/health"',
  ],
  [{ quiet: ['health'] }, 'quiet[0]', 'must be a path or a pattern that begins with "/" or "*"'],
  [{ quiet: ['/', '*'.repeat(11)] }, 'quiet[1]', 'with at most 10 "*"'],
  [{ quiet: ['/health?full=1'] }, 'quiet[0]', 'without a query'],
  [{ quiet: [1 as never] }, 'quiet[0]', 'or a function of the request, got 1'],
])('%o is refused', async (options, option, words) => {
  const refused = Fastify().register(waybill, options)
  await expect(refused).rejects.toThrow(WaybillError)
  await expect(refused).rejects.toMatchObject({ option, message: expect.stringContaining(words) })
})

test.each([
  ['/health', '/health', true],
  ['/health', '/health/', false],
  ['/assets/*', '/assets/a/b.js', true],
  ['/assets/*', '/assets', false],
  ['*.png', '/a/b.png', true],
  ['/a*a', '/a', false],
  ['/*/live', '/v1/live', true],
  ['/*/live', '/live', false],
  ['*', '', true],
])('the pattern %s and the path %s: %s', (pattern, path, matches) => {
  expect(pathMatcher(pattern)(path)).toBe(matches)
})

test('a pattern means what the regular expression means that has .* for each star', () => {
  const pieces = fc
    .array(fc.constantFrom('/', 'a', 'b', '*', 'ab'), { maxLength: 8 })
    .map((all) => all.join(''))
  fc.assert(
    fc.property(pieces, pieces, (pattern, rest) => {
      const path = rest.replaceAll('*', 'a')
      const source = pattern.split('*').join('.*')
      expect(pathMatcher(pattern)(path)).toBe(new RegExp(`^${source}$`, 's').test(path))
    }),
  )
})
