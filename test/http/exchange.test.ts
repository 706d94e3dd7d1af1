import { expect, test } from 'vitest'
import type { Clock } from '../../src/clock.js'
import type { Tracker } from '../../src/http/exchange.js'
import type { Options } from '../../src/options.js'
import type { Ending } from '../../src/request/outcome.js'
import type { RequestRecord } from '../../src/request/record.js'
import { formatOf } from '../support/format.js'
import { type Arrival, NO_ARRIVAL, startRecord, trackerTo } from '../support/record.js'

const completed: Ending = { outcome: 'completed', status: 200 }

function follow(options: Options = {}): {
  tracker: Tracker
  start: (bytes?: number, more?: Partial<Arrival>) => RequestRecord
  clock: Clock & { time: number; ms: number }
  lines: string[]
} {
  const lines: string[] = []
  const clock = { time: Date.UTC(2026, 10, 23, 10), ms: 5000, now: () => clock.time, elapsed: () => clock.ms }
  const format = formatOf()
  const events = {
    started: (record: RequestRecord, level: 'info') => lines.push(format.started(record, level)),
    completed: (record: RequestRecord, level: 'info') => lines.push(format.completed(record, level)),
  }
  const tracker = trackerTo(events as never, options, clock)
  const start = (bytes = 0, more: Partial<Arrival> = {}): RequestRecord =>
    startRecord(tracker, { ...NO_ARRIVAL, ...more }, bytes, clock)
  return { tracker, start, clock, lines }
}

test('each event has the time at which it happened, and the duration is that of a monotonic clock', () => {
  const { tracker, start, clock, lines } = follow()
  const record = start(27)
  clock.ms += 12.3456
  // The wall clock is set back an hour meanwhile.
  clock.time -= 3_600_000
  tracker.end(record, completed)
  expect(lines).toEqual([
    '{"timestamp":"2026-11-23T10:00:00.000Z","level":"info","event":"request.started","request_id":"abc","method":"GET","path":"/users/42","route":"/users/:id","message":"GET /users/42"}\n',
    '{"timestamp":"2026-11-23T09:00:00.000Z","level":"info","event":"request.completed","request_id":"abc","method":"GET","path":"/users/42","route":"/users/:id","status":200,"duration_ms":12.346,"outcome":"completed","response_bytes":27,"message":"GET /users/42 200 12.346ms"}\n',
  ])
})

test('a request ends once', () => {
  const { tracker, start, lines } = follow()
  const record = start()
  tracker.end(record, completed)
  tracker.end(record, { outcome: 'aborted', status: 499 })
  expect(lines).toHaveLength(2)
})

test.each([
  ['HEAD', 200],
  ['GET', 204],
  ['GET', 304],
])('bytes written into an answer to %s with %i do not count as a body', (method, status) => {
  const { tracker, start, lines } = follow()
  const record = start(27, { method })
  tracker.end(record, { outcome: 'completed', status })
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ response_bytes: 0 })
})

test('a request is slow from the limit on', () => {
  const { tracker, start, clock, lines } = follow({ slow: 100 })
  for (const ms of [99.9, 100]) {
    const record = start()
    clock.ms += ms
    tracker.end(record, completed)
  }
  expect(lines.map((line) => JSON.parse(line).slow)).toEqual([undefined, undefined, undefined, true])
})

test('requests open when the process exits are unfinished, in order', () => {
  for (const ended of ['', 'a', 'b', 'd', 'ab', 'bc', 'cd', 'ad', 'dcba', 'abcd']) {
    const { tracker, start, lines } = follow({ startLevel: false })
    const records = [...'abcd'].map((requestId) => Object.assign(start(0, { requestId }), { isSent: false }))
    for (const each of ended) tracker.end(records['abcd'.indexOf(each)] as RequestRecord, completed)
    lines.length = 0
    tracker.finish()
    const open = lines.map((line) => JSON.parse(line))
    expect(open.map(({ request_id }) => request_id).join('')).toBe(
      [...'abcd'].filter((each) => !ended.includes(each)).join(''),
    )
    expect(new Set(open.map(({ outcome }) => outcome)).size).toBeLessThan(2)
    tracker.finish()
    expect(lines).toHaveLength(open.length)
  }
})
