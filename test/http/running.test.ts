import http from 'node:http'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MiddlewareOptions } from '../../src/express.js'
import waybill, { type Options } from '../../src/index.js'
import { eventsToDestination } from '../../src/output/events.js'
import type { RequestRecord } from '../../src/request/record.js'
import { FORMAT_NAMES } from '../../src/vocabulary.js'
import { adapters } from '../contract/adapters.js'
import { startService as start } from '../contract/service.js'
import { startApp } from '../support/app.js'
import { Capture, type Line } from '../support/capture.js'
import { listenFor } from '../support/express.js'
import { formatOf } from '../support/format.js'
import { NO_ARRIVAL, startRecord, trackerTo } from '../support/record.js'

const isRunning = ({ event }: Line): boolean => event === 'request.running'

describe.each(adapters)('$name', (adapter) => {
  async function startService(options: MiddlewareOptions) {
    const service = await start(adapter, options)
    onTestFinished(service.close)
    return service
  }

  test('a request that is open for long has a line, and its completion', async () => {
    const { client, log } = await startService({ runningAfter: 50 })
    await client.ask('/users/1')
    await client.leave('/waiting', () => log.until(isRunning))
    await log.completions(2)
    const running = log.lines.filter(isRunning)
    expect(running[0]).toMatchObject({
      level: 'warn',
      request_id: log.events('started')[1]?.request_id,
      method: 'GET',
      path: '/waiting',
      duration_ms: expect.any(Number),
      head_sent: false,
      response_bytes: 0,
      message: expect.stringMatching(/^GET \/waiting running for [\d.]+ms$/),
    })
    expect(running[0]?.duration_ms).toBeGreaterThanOrEqual(50)
    expect(running.every(({ path }) => path === '/waiting')).toBe(true)
    expect(running[0]?.route).toBe(log.events('completed')[1]?.route)
    expect(log.events('completed')[1]).toMatchObject({ path: '/waiting', outcome: 'aborted' })
    expect(log.events('completed')[1]).not.toHaveProperty('head_sent')
  })

  test('a quiet request that is open for long has all of its lines, the start first', async () => {
    const { client, log } = await startService({ runningAfter: 50, quiet: ['*'] })
    await client.leave('/late', () => log.until(isRunning))
    await log.completions(1)
    const events = log.lines.map(({ event }) => event).filter((event) => event !== undefined)
    expect(events.slice(0, 2)).toEqual(['request.started', 'request.running'])
    expect(events.at(-1)).toBe('request.completed')
  })
})

test('it has further lines after twice as long, and twice as long again, by one timer', async () => {
  const clock = { now: () => 1_764_000_000_000, elapsed: () => performance.now() }
  const written: [string, number][] = []
  const events = {
    started: () => {},
    running: ({ path, durationMs = 0 }: RequestRecord) => void written.push([String(path), durationMs]),
    completed: () => {},
    late: () => {},
  }
  const tracker = trackerTo(events, { runningAfter: 100 }, clock)
  const slow = startRecord(tracker, { ...NO_ARRIVAL, path: '/slow' }, 0, clock)
  const quick = startRecord(tracker, { ...NO_ARRIVAL, path: '/quick' }, 0, clock)
  tracker.end(quick, { outcome: 'completed', status: 200 })
  await expect.poll(() => written.length, { timeout: 20_000 }).toBe(3)
  tracker.end(slow, { outcome: 'completed', status: 200 })
  expect(written.map(([path]) => path)).toEqual(['/slow', '/slow', '/slow'])
  for (const [at, [, durationMs]] of written.entries())
    expect(durationMs).toBeGreaterThanOrEqual(100 * 2 ** at)
  await setTimeout(300)
  expect(written).toHaveLength(3)
})

test('a timer that comes early costs no line', async () => {
  let late = 0
  const clock = { now: () => 1_764_000_000_000, elapsed: () => performance.now() - late }
  let written = 0
  const events = { started: () => {}, running: () => void written++, completed: () => {}, late: () => {} }
  const tracker = trackerTo(events, { runningAfter: 50 }, clock)
  const record = startRecord(tracker, NO_ARRIVAL, 0, clock)
  late = 10
  await setTimeout(90)
  tracker.end(record, { outcome: 'completed', status: 200 })
  expect(written).toBe(1)
})

test('a request that came just before, and ended, costs no line either', async () => {
  let written = 0
  const events = { started: () => {}, running: () => void written++, completed: () => {}, late: () => {} }
  const tracker = trackerTo(events, { runningAfter: 50 })
  const quick = startRecord(tracker, NO_ARRIVAL)
  await setTimeout(5)
  const record = startRecord(tracker, NO_ARRIVAL)
  tracker.end(quick, { outcome: 'completed', status: 200 })
  await setTimeout(90)
  tracker.end(record, { outcome: 'completed', status: 200 })
  expect(written).toBe(1)
})

test('it says what was sent so far, and which calls are under way', async () => {
  const upstream = http.createServer((_request, response) => void response.writeHead(200).write('x'))
  const port = await listenFor(upstream)
  const { app, log } = await startApp({ runningAfter: 100 })
  app.get('/', async (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(202).write('some bytes')
    const call = http.get(`http://127.0.0.1:${port}/`)
    call.on('error', () => {})
    await log.until(isRunning)
    call.destroy()
    reply.raw.end()
  })
  await app.inject('/')
  expect(log.lines.find(isRunning)).toMatchObject({
    status: 202,
    head_sent: true,
    route: '/',
    calls: { count: 1, failed: 0, open: 1, total_ms: expect.any(Number) },
  })
  await log.completions(1)
  const { calls } = log.events('completed')[0] ?? {}
  expect(calls).toEqual({ count: 1, failed: expect.any(Number), total_ms: expect.any(Number) })
})

test.each(FORMAT_NAMES)('%s: a running request has one safe line more', async (format) => {
  const { app, log } = await startApp({ format, runningAfter: 30, startLevel: false })
  app.get('/\u001b/:id', async () => {
    await expect
      .poll(() => log.raw.length, { timeout: 20_000 })
      .toBeGreaterThan(format === 'combined' ? -1 : 0)
    await setTimeout(format === 'combined' ? 100 : 0)
    return 'ok'
  })
  await app.inject('/%1b/x?secret')
  expect(log.raw.length).toBeGreaterThanOrEqual(format === 'combined' ? 1 : 2)
  if (format === 'combined') expect(log.raw).toHaveLength(1)
  else expect(log.raw[0]).toMatch(/running|\.\.\./)
  for (const line of log.raw) expect(line).toMatch(/^[^\u001b\n]*\n$/)
})

test.each([
  ['json', '"failed":0,"open":1}'],
  ['logfmt', ' calls.failed=0 calls.open=1 '],
  ['ecs', '"calls_open":1'],
  ['gcp', '"open":1}'],
  ['datadog', '"open":1}'],
  ['otel', '"calls.open":1'],
] as const)('%s: it says how many calls are under way', (name, calls) => {
  const format = formatOf({ format: name }, [])
  const record = startRecord(trackerTo(eventsToDestination(format, { write: () => {} }, [])), NO_ARRIVAL)
  record.callCost = { count: 2, total_ms: 12.5, failed: 0, open: 1 }
  expect(format.running(record, 'warn')).toContain(calls)
})

test('it goes through a logger of the app', async () => {
  const log = new Capture()
  const app = Fastify({ loggerInstance: pino({}, log) })
  await app.register(waybill, { runningAfter: 30 })
  app.get('/', async () => {
    await log.until(isRunning)
    return 'ok'
  })
  await app.inject('/')
  expect(log.lines.find(isRunning)).toMatchObject({ level: 40, path: '/', head_sent: false })
})

test('nothing is written of a request that ends in time, nor by default', async () => {
  const { app, log } = await startApp({ runningAfter: 100_000 })
  app.get('/', async () => 'ok')
  await app.inject('/')
  expect(log.lines).toHaveLength(2)
})

test.each<[Options, string]>([
  [{ runningAfter: 0 }, 'must be a number of milliseconds > 0, got 0'],
  [{ runningAfter: '5s' as never }, 'must be a number of milliseconds > 0, got "5s"'],
])('%o is refused', async (options, words) => {
  const refused = Fastify().register(waybill, options)
  await expect(refused).rejects.toMatchObject({
    option: 'runningAfter',
    message: expect.stringContaining(words),
  })
})
