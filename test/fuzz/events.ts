import fc from 'fast-check'
import type { Format } from '../../src/format/index.js'
import type { Include } from '../../src/options.js'
import { Calls } from '../../src/request/calls.js'
import { compileCaptures } from '../../src/request/details.js'
import type { RequestRecord } from '../../src/request/record.js'
import { createRedactor } from '../../src/request/redact.js'
import { cutPath } from '../../src/request/url.js'
import type { Level, Outcome } from '../../src/vocabulary.js'
import { type Arrival, startRecord, trackerTo } from '../support/record.js'
import { anyError, anyText, anything } from './arbitraries.js'

const INCLUDE: Include[] = [
  'query',
  'user_agent',
  'header:x-any',
  'client_ip',
  'referer',
  'host',
  'header:x.dot',
]
export const captures = compileCaptures(INCLUDE, [], createRedactor([]))

/** The life of a request with nothing in it to rely on. */
export interface Life {
  readonly arrival: Arrival
  readonly added: readonly object[]
  readonly thrown: readonly unknown[]
  readonly outcome: Outcome
  readonly status: number | undefined
  readonly bytes: number
  /** How long each of its calls took, one after the other, and whether it failed. */
  readonly calls: readonly (readonly [ms: number, failed: boolean])[]
}

const anyArrival: fc.Arbitrary<Arrival> = fc.record({
  requestId: anyText,
  idRejected: fc.option(fc.constantFrom('length', 'charset', 'multiple'), { nil: undefined }),
  clientRequestId: fc.option(anyText, { nil: undefined }),
  protocol: fc.constantFrom('1.0', '1.1', '2.0'),
  trace: fc.option(fc.constant({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: '01' }), {
    nil: undefined,
  }),
  method: anyText,
  path: anyText.map(cutPath),
  pathCut: fc.boolean(),
  route: fc.option(anyText, { nil: undefined }),
  captured: fc.array(fc.option(anyText, { nil: undefined }), {
    minLength: INCLUDE.length,
    maxLength: INCLUDE.length,
  }),
})

export const anyLife: fc.Arbitrary<Life> = fc.record({
  arrival: anyArrival,
  added: fc.array(fc.dictionary(anyText, anything, { maxKeys: 5 }), { maxLength: 3 }),
  thrown: fc.array(anyError, { maxLength: 2 }),
  outcome: fc.constantFrom(
    'completed',
    'aborted',
    'timeout',
    'destroyed',
    'rejected',
    'upgraded',
    'unfinished',
  ),
  status: fc.option(fc.constantFrom(101, 200, 204, 404, 499, 500, 503), { nil: undefined }),
  bytes: fc.nat(),
  calls: fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.boolean()), { maxLength: 3 }),
})

/** The two lines of a request, by way of the tracker. */
export function linesOf(life: Life, format: Format, durationMs = 0): [string, string] {
  const clock = { ms: 5, now: () => Date.UTC(2026, 10, 23, 10), elapsed: () => clock.ms }
  const lines: string[] = []
  const thrown: unknown[] = []
  const write =
    (kind: 'started' | 'completed') =>
    (record: RequestRecord, level: Level): void => {
      try {
        lines.push(format[kind](record, level))
      } catch (error) {
        thrown.push(error)
      }
    }
  const events = {
    started: write('started'),
    running: () => {},
    completed: write('completed'),
    late: () => {},
  }
  const tracker = trackerTo(events, {}, clock)
  const record = startRecord(tracker, life.arrival, life.bytes, clock)
  for (const each of life.added) record.add(each)
  for (const each of life.thrown) record.fail(each)
  for (const [ms, failed] of life.calls) {
    record.calls ??= new Calls()
    record.calls.begin(0)
    if (failed) record.calls.failed++
    record.calls.end(ms)
  }
  clock.ms += durationMs
  tracker.end(record, { outcome: life.outcome, status: life.status })
  // The tracker would not tell.
  if (thrown.length > 0) throw thrown[0]
  const [started, completed] = lines
  if (started === undefined || completed === undefined) throw new Error('an event is lost')
  return [started, completed]
}
