import Fastify from 'fastify'
import { expect, test, vi } from 'vitest'
import waybill from '../../src/index.js'
import type { RequestRecord } from '../../src/request/record.js'
import type { Level } from '../../src/vocabulary.js'
import { Capture } from '../support/capture.js'
import { NO_ARRIVAL, startRecord, trackerTo } from '../support/record.js'

/** The timers set since a test began, and when they fire. */
const timers: { at: number; isDone: boolean; run: () => void }[] = []
let elapsedMs = 0

vi.mock('../../src/clock.js', async (original) => ({
  ...(await original<object>()),
  setTimeout: (run: () => void, ms: number) => {
    timers.push({ at: elapsedMs + ms, isDone: false, run })
    return { unref: () => {} }
  },
}))

/** Lets time pass on the clock of this file, with what its timers do. */
function passTime(ms: number): void {
  elapsedMs += ms
  for (const timer of timers.filter(({ at, isDone }) => !isDone && at <= elapsedMs)) {
    timer.isDone = true
    timer.run()
  }
}

/** Follows requests whose starts are held back, as for a terminal; what is written, in order. */
function followHeld() {
  timers.length = 0
  elapsedMs = 0
  const clock = { now: () => 1_764_000_000_000, elapsed: () => elapsedMs }
  const written: string[] = []
  const note =
    (event: string) =>
    (record: RequestRecord, _level: Level): void => {
      written.push(`${event} ${record.path}`)
    }
  const events = {
    holdsStarts: true,
    started: note('started'),
    running: note('running'),
    completed: note('completed'),
    late: note('late'),
  }
  const tracker = trackerTo(events, {}, clock)
  const start = (path: string): RequestRecord => startRecord(tracker, { ...NO_ARRIVAL, path }, 0, clock)
  return { tracker, written, start, passTime }
}

test('a request that completes within a second is one line', () => {
  const { tracker, written, start } = followHeld()
  const record = start('/quick')
  tracker.end(record, { outcome: 'completed', status: 200 })
  expect(written).toEqual(['completed /quick'])
})

test('a held start is written once, before the first log line of its request', () => {
  const { tracker, written, start } = followHeld()
  const record = start('/logs')
  tracker.writeHeldStart(record)
  tracker.writeHeldStart(record)
  tracker.end(record, { outcome: 'completed', status: 200 })
  tracker.writeHeldStart(record)
  expect(written).toEqual(['started /logs', 'completed /logs'])
})

test('a request that has been open for a second shows its start then, by one timer for all', () => {
  const { tracker, written, start, passTime } = followHeld()
  const quick = start('/quick')
  const slow = start('/slow')
  tracker.end(quick, { outcome: 'completed', status: 200 })
  passTime(500)
  const later = start('/later')
  passTime(499)
  expect(written).toEqual(['completed /quick'])
  passTime(1)
  expect(written).toEqual(['completed /quick', 'started /slow'])
  passTime(500)
  expect(written).toEqual(['completed /quick', 'started /slow', 'started /later'])
  passTime(5000)
  expect(timers.map(({ at }) => at)).toEqual([1000, 1500])
  tracker.end(slow, { outcome: 'completed', status: 200 })
  tracker.end(later, { outcome: 'aborted', status: 499 })
  expect(written.slice(3)).toEqual(['completed /slow', 'completed /later'])
})

test('a terminal shows a request in one line when it completes, with its start before its first log line', async () => {
  const log = new Capture()
  const app = Fastify()
  await app.register(waybill, { destination: log, format: 'pretty' })
  app.get('/quick', async () => 'ok')
  app.get('/logs', async (request) => {
    request.log.info('looking')
    return 'ok'
  })
  await app.inject('/quick')
  await app.inject('/logs')
  expect(log.raw.map((line) => line.replace(/^\S+ +/, '').split(/ +/)[0])).toEqual([
    '200',
    '-->',
    'INFO',
    '200',
  ])
})

test('startLevel set by hand shows all starts', async () => {
  const log = new Capture()
  const app = Fastify()
  await app.register(waybill, { destination: log, format: 'pretty', startLevel: 'info' })
  await app.inject('/')
  expect(log.raw).toHaveLength(2)
})
