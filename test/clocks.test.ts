import { once } from 'node:events'
import http from 'node:http'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../src/clock.js'
import waybill from '../src/index.js'
import { newUuid } from '../src/request/id.js'
import { Capture } from './support/capture.js'
import { ask, listen } from './support/http.js'

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const TIMESTAMP = /^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

async function served(): Promise<{ app: FastifyInstance; log: Capture; port: number }> {
  const log = new Capture()
  const app = Fastify()
  await app.register(waybill, { destination: log })
  app.get('/', async () => 'ok')
  app.get('/never', () => {})
  return { app, log, port: await listen(app) }
}

test.each([
  ['NaN', () => Number.NaN],
  ['Infinity', () => Number.POSITIVE_INFINITY],
  ['a time before 1970', () => -1],
  ['a time after the year 9999', () => 8.64e15],
  ['more than a date can be', () => 1e300],
  ['nothing', () => undefined],
  ['a text', () => '2026'],
  [
    'an error',
    () => {
      throw new Error('no clock')
    },
  ],
])('a clock that returns %s loses no line and no id', async (_name, says) => {
  const { app, log, port } = await served()
  vi.spyOn(Date, 'now').mockImplementation(says as () => number)
  const answer = await ask(port, '/')
  const [started] = await log.starts(1)
  const [completed] = await log.completions(1)
  const made = [newUuid(), newUuid()]
  vi.restoreAllMocks()
  await app.close()
  expect(answer.status).toBe(200)
  for (const line of [started, completed]) {
    expect(line?.timestamp).toMatch(TIMESTAMP)
    expect(Math.abs(Date.parse(String(line?.timestamp)) - Date.now())).toBeLessThan(60_000)
    expect(line?.request_id).toMatch(UUID)
  }
  expect(made[0]).toMatch(UUID)
  expect(completed?.duration_ms).toBeGreaterThanOrEqual(0)
})

test('a time between two milliseconds makes a valid id', () => {
  vi.spyOn(Date, 'now').mockReturnValue(1_800_000_000_000.5)
  expect([newUuid(), systemClock.now()]).toEqual([expect.stringMatching(UUID), 1_800_000_000_000.5])
})

test('a duration is logged when performance.now is broken', async () => {
  const { app, log, port } = await served()
  vi.spyOn(performance, 'now').mockReturnValue(Number.NaN)
  await ask(port, '/')
  const [completed] = await log.completions(1)
  await app.close()
  expect(completed?.duration_ms).toBeGreaterThan(0)
})

test('with every timer faked, no completion is missing: of answers, of clients that leave, of upgrades', async () => {
  const { app, log, port } = await served()
  const inProgress = http.get({ port, path: '/never', agent: false })
  inProgress.on('error', () => {})
  await log.starts(1)
  const upgrades = http.get({
    port,
    path: '/',
    agent: false,
    headers: { connection: 'upgrade', upgrade: 'websocket' },
  })
  upgrades.on('error', () => {})
  app.server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 418 Teapot\r\n\r\n'))
  await once(upgrades, 'socket')
  vi.useFakeTimers({
    toFake: [
      'setTimeout',
      'setInterval',
      'setImmediate',
      'Date',
      'performance',

      'queueMicrotask',
    ],
  })
  inProgress.destroy()
  await log.completions(2)
  vi.useRealTimers()
  await app.close()
  expect(
    log
      .events('completed')
      .map(({ outcome }) => outcome)
      .sort(),
  ).toEqual(['aborted', 'completed'])
})
