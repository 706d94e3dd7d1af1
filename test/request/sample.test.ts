import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MiddlewareOptions } from '../../src/express.js'
import waybill, { type Options } from '../../src/index.js'
import { newUuid } from '../../src/request/id.js'
import type { RequestRecord } from '../../src/request/record.js'
import { hash, Sampler } from '../../src/request/sample.js'
import { adapters } from '../contract/adapters.js'
import { startService as start } from '../contract/service.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { NO_ARRIVAL, startRecord, trackerTo } from '../support/record.js'

describe.each(adapters)('$name', (adapter) => {
  async function startService(options: MiddlewareOptions) {
    const service = await start(adapter, options)
    onTestFinished(service.close)
    return service
  }

  test('a sample of none keeps the first of each route, and what is wrong', async () => {
    const { client, log } = await startService({ sample: 0 })
    for (let count = 0; count < 3; count++) await client.ask(`/users/${count}`)
    await client.ask('/status/503')
    await client.ask('/status/503')
    const completions = await log.completions(3)
    expect(completions.map(({ path }) => path)).toEqual(['/users/0', '/status/503', '/status/503'])
    expect(log.events('started').map(({ path }) => path)).toEqual(['/users/0', '/status/503', '/status/503'])
    expect(log.raw.join('')).not.toContain('sample_rate')
  })

  test('a request is kept by its id, in every service that has the rate or a higher one', async () => {
    const low = await startService({ sample: { rate: 0.2, perRoute: 0 } })
    const high = await startService({ sample: { rate: 0.6, perRoute: 0 } })
    const ids = Array.from({ length: 100 }, () => randomUUID())
    for (const id of ids) {
      await low.client.ask('/users/1', { headers: { 'X-Request-Id': id } })
      await high.client.ask('/users/1', { headers: { 'X-Request-Id': id } })
    }
    const keptLow = new Set(low.log.events('completed').map(({ request_id }) => request_id))
    const keptHigh = new Set(high.log.events('completed').map(({ request_id }) => request_id))
    expect(keptLow.size).toBeLessThan(keptHigh.size)
    expect(keptHigh.size).toBeLessThan(100)
    for (const id of keptLow) expect(keptHigh).toContain(id)
    for (const line of low.log.lines.filter(({ event }) => event !== undefined))
      expect(line).toMatchObject({ sample_rate: 0.2 })
    expect(low.log.events('started')).toHaveLength(keptLow.size)
  })

  test('an id that is not believed decides nothing', async () => {
    const { client, log } = await startService({
      sample: { rate: 0.5, perRoute: 0 },
      requestId: { trust: 'never' },
    })
    const id = randomUUID()
    for (let count = 0; count < 60; count++) await client.ask('/users/1', { headers: { 'X-Request-Id': id } })
    const kept = log.events('completed').length
    expect(kept).toBeGreaterThan(0)
    expect(kept).toBeLessThan(60)
  })
})

test('what a request is, is decided once: a failure counts once, kept by its id or not', async () => {
  const { app, log } = await startApp({ sample: { rate: 0.5, perRoute: 0 } })
  app.get('/fails', async (_, reply) => reply.code(500).send('x'))
  for (let count = 0; count < 40; count++) await app.inject('/fails')
  expect(log.events('completed')).toHaveLength(40)
  expect(log.events('started')).toHaveLength(40)
  for (const line of log.events('completed')) expect(line).not.toHaveProperty('sample_rate')
})

test.each(['at the start', 'at the end'])(
  'completions restore the counts of 100,000 requests, failures among them, with routes known %s',
  (known) => {
    const clock = { ms: 0, now: () => 1_764_000_000_000 + clock.ms, elapsed: () => clock.ms }
    const kept: { name: string; rate: number | undefined }[] = []
    let starts = 0
    const events = {
      started: () => void starts++,
      running: () => {},
      completed: ({ route, status, sampleRate }: RequestRecord) =>
        void kept.push({ name: `${route} ${status}`, rate: sampleRate }),
      late: () => {},
    }
    const tracker = trackerTo(events, { sample: { rate: 0.1, perRoute: 3 } }, clock)
    const sent = new Map<string, number>()
    for (let count = 0; count < 100_000; count++) {
      clock.ms += 7
      const route = `/r${count % 7}`
      const status = count % 23 === 0 ? 500 : 200
      const arrival = {
        ...NO_ARRIVAL,
        requestId: newUuid(),
        route: known === 'at the start' ? route : undefined,
      }
      const record = startRecord(tracker, arrival, 0, clock)
      record.route = route
      tracker.end(record, { outcome: 'completed', status })
      const name = `${route} ${status}`
      sent.set(name, (sent.get(name) ?? 0) + 1)
    }
    const restored = new Map<string, number>()
    for (const { name, rate } of kept) restored.set(name, (restored.get(name) ?? 0) + 1 / (rate ?? 1))
    const total = [...restored.values()].reduce((sum, each) => sum + each)
    expect(Math.abs(total / 100_000 - 1)).toBeLessThan(0.05)
    for (const [name, count] of sent) {
      if (name.endsWith('500')) expect(restored.get(name)).toBe(count)
      else expect(Math.abs((restored.get(name) ?? 0) / count - 1)).toBeLessThan(0.15)
    }
    expect(starts).toBe(kept.length)
    expect(kept.length).toBeLessThan(18_000)
  },
)

/** No id of a test is above it. */
const RATE = 0.999999

test('sample_rate is on both events of a logger of the app', async () => {
  const log = new Capture()
  const app = Fastify({ loggerInstance: pino({}, log) })
  await app.register(waybill, { sample: { rate: RATE, perRoute: 0 } })
  app.get('/', async () => 'ok')
  await app.inject('/')
  expect(log.lines).toMatchObject([
    { event: 'request.started', sample_rate: RATE },
    { event: 'request.completed', sample_rate: RATE },
  ])
})

test('ids of all kinds are spread evenly', () => {
  const kinds: Record<string, (at: number) => string> = {
    'random UUIDs': () => randomUUID(),
    'UUIDs of one moment': newUuid,
    'counted ids': (at) => `req-${at}`,
    'ids with a common end': (at) => `${at.toString(36)}-shop-frontend`,
  }
  for (const [kind, make] of Object.entries(kinds)) {
    const all = Array.from({ length: 50_000 }, (_, at) => hash(make(at)) / 2 ** 32)
    for (const rate of [0.01, 0.1, 0.5]) {
      const part = all.filter((each) => each < rate).length / all.length
      expect(Math.abs(part - rate), `${kind} at ${rate}`).toBeLessThan(0.01)
    }
  }
})

test('the numbers of ids stay what they are: services of different versions keep the same requests', () => {
  expect(['', 'a', 'abc', '0199a0c2-7d3e-7c41-9f52-6f1e2d3c4b5a'].map(hash)).toMatchInlineSnapshot(`
    [
      2872998923,
      444641715,
      482950588,
      3850090709,
    ]
  `)
})

test('each route has its own count in each minute', () => {
  const clock = { ms: 0, now: () => 0, elapsed: () => clock.ms }
  const sampler = new Sampler({ rate: 0, perRoute: 2 }, clock)
  const first = (...routes: (string | undefined)[]): boolean[] =>
    routes.map((route) => sampler.isFirst(route))
  expect(first('/a', '/a', '/a', '/b', undefined, undefined, undefined)).toEqual([
    ...[true, true, false, true],
    ...[true, true, false],
  ])
  clock.ms = 60_000
  expect(first('/a', '/a', '/a')).toEqual([true, true, false])
})

test('what a sampler remembers is bounded', () => {
  const clock = { now: () => 0, elapsed: () => 0 }
  const sampler = new Sampler({ rate: 0, perRoute: 1 }, clock)
  const kept = Array.from({ length: 20_000 }, (_, at) => sampler.isFirst(`/${at}`)).filter(Boolean)
  expect(kept.length).toBeLessThan(10_010)
})

test.each<[Options, string, string]>([
  [{ sample: 2 }, 'sample', 'must be a number from 0 to 1 or an object with a rate, got 2'],
  [{ sample: Number.NaN }, 'sample', 'got NaN'],
  [{ sample: {} as never }, 'sample.rate', 'must be a number from 0 to 1, got undefined'],
  [{ sample: { rate: -1 } }, 'sample.rate', 'got -1'],
  [{ sample: { rate: 0.1, perRoute: 1.5 } }, 'sample.perRoute', 'must be a whole number ≥ 0, got 1.5'],
  [{ sample: { rate: 0.1, perroute: 1 } as never }, 'sample.perroute', 'did you mean "sample.perRoute"?'],
])('%o is refused', async (options, option, words) => {
  const refused = Fastify().register(waybill, options)
  await expect(refused).rejects.toMatchObject({ option, message: expect.stringContaining(words) })
})
