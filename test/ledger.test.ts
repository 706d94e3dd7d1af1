import { expect, test } from 'vitest'
import type { Clock } from '../src/clock.js'
import { reservedNames } from '../src/formats/fields.js'
import { Ledger } from '../src/ledger.js'
import type { Options } from '../src/options.js'
import type { RequestLogger } from '../src/request/logger.js'
import type { Ending } from '../src/request/outcome.js'
import type { Arrival, Entry } from '../src/request/record.js'
import { parseEventOptions } from '../src/settings.js'
import { formatOf } from './support/format.js'

const arrival: Arrival = {
  requestId: 'abc',
  idRejected: undefined,
  clientRequestId: undefined,
  method: 'GET',
  path: '/users/42',
  protocol: '1.1',
  trace: undefined,
  pathCut: false,
  route: '/users/:id',
  captured: [],
}
const completed: Ending = { outcome: 'completed', status: 200 }

function openLedger(options: Options = {}): {
  ledger: Ledger
  clock: Clock & { time: number; ms: number }
  lines: string[]
} {
  const lines: string[] = []
  const clock = { time: Date.UTC(2026, 10, 23, 10), ms: 5000, now: () => clock.time, elapsed: () => clock.ms }
  const format = formatOf()
  const events = {
    started: (entry: Entry, level: 'info') => lines.push(format.started(entry, level)),
    completed: (entry: Entry, level: 'info') => lines.push(format.completed(entry, level)),
  }
  const ledger = new Ledger(parseEventOptions(options), reservedNames(), events as never, clock)
  return { ledger, clock, lines }
}

function open(ledger: Ledger, more: Partial<Arrival> = {}): Entry {
  return ledger.open({ ...arrival, ...more }, {} as RequestLogger, true)
}

test('each event has the time at which it happened, and the duration is that of a monotonic clock', () => {
  const { ledger, clock, lines } = openLedger()
  const entry = open(ledger)
  clock.ms += 12.3456
  // The wall clock is set back an hour meanwhile.
  clock.time -= 3_600_000
  ledger.close(entry, completed, 27)
  expect(lines).toEqual([
    '{"timestamp":"2026-11-23T10:00:00.000Z","level":"info","event":"request.started","request_id":"abc","method":"GET","path":"/users/42","route":"/users/:id","message":"GET /users/42"}\n',
    '{"timestamp":"2026-11-23T09:00:00.000Z","level":"info","event":"request.completed","request_id":"abc","method":"GET","path":"/users/42","route":"/users/:id","status":200,"duration_ms":12.346,"outcome":"completed","response_bytes":27,"message":"GET /users/42 200 12.346ms"}\n',
  ])
})

test('an entry is closed once', () => {
  const { ledger, lines } = openLedger()
  const entry = open(ledger)
  ledger.close(entry, completed, 0)
  ledger.close(entry, { outcome: 'aborted', status: 499 }, 0)
  expect(lines).toHaveLength(2)
})

test.each([
  ['HEAD', 200],
  ['GET', 204],
  ['GET', 304],
])('what is written into an answer to %s with %i is no body', (method, status) => {
  const { ledger, lines } = openLedger()
  const entry = open(ledger, { method })
  ledger.close(entry, { outcome: 'completed', status }, 27)
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ response_bytes: 0 })
})

test('slow begins at the limit', () => {
  const { ledger, clock, lines } = openLedger({ slow: 100 })
  for (const ms of [99.9, 100]) {
    const entry = open(ledger)
    clock.ms += ms
    ledger.close(entry, completed, 0)
  }
  expect(lines.map((line) => JSON.parse(line).slow)).toEqual([undefined, undefined, undefined, true])
})
