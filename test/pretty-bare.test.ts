import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { nativeFields } from '../src/format/fields.js'
import { prettyFormat, wholeFormat } from '../src/format/pretty.js'
import { bareEvents } from '../src/format/pretty-bare.js'
import { createHeads } from '../src/format/pretty-columns.js'
import type { RequestRecord } from '../src/request/record.js'
import { LEVELS, type Level, MAX_LINE_BYTES, PIPE_BYTES } from '../src/vocabulary.js'
import { anyLife, captures, type Life, linesOf } from './fuzz/events.js'
import type { Arrival } from './support/record.js'

afterEach(() => vi.unstubAllEnvs())

const fields = nativeFields(captures)

const anyPath = fc.oneof(
  fc.webPath(),
  // Around the length from which an event may be too long.
  fc
    .tuple(
      fc.constantFrom('a', '"', ' ', '\xa0', '\u202e', '\u2028', '😀'),
      fc.integer({ max: 1400, min: 0 }),
    )
    .map(([text, count]) => text.repeat(count)),
)
const anyMethod = fc.constantFrom('GET', 'POST', 'M-SEARCH', 'PROPPATCH')

/** Requests of which there is nothing to say beside their head, unless they are too long. */
const anyBareLife: fc.Arbitrary<Life> = fc
  .record({
    life: anyLife,
    plain: fc.option(fc.record({ method: anyMethod, path: anyPath }), { nil: undefined }),
    unparsed: fc.boolean(),
    status: fc.option(fc.integer({ min: 100, max: 999 }), { nil: undefined }),
  })
  .map(({ life, plain, unparsed, status }) => {
    const request = plain ?? (unparsed && { method: undefined, path: undefined })
    const arrival = { ...life.arrival, ...request, ...NOTHING_BESIDE }
    return { ...life, status, arrival, added: [], thrown: [], calls: [] }
  })

const NOTHING_BESIDE: Partial<Arrival> = {
  idRejected: undefined,
  clientRequestId: undefined,
  trace: undefined,
  pathCut: false,
  captured: captures.map(() => undefined),
}

/** Requests of which there is one thing more to say. */
const anyLifeBeside: fc.Arbitrary<Life> = fc
  .tuple(
    anyBareLife,
    fc.constantFrom<Partial<Life>>(
      { added: [{ user: 42 }] },
      { thrown: [new Error('broken')], status: 500 },
      { calls: [[12, false]] },
    ),
    fc.constantFrom<Partial<Arrival>>(
      { idRejected: 'length' },
      { clientRequestId: 'abc' },
      { trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: '01' } },
      { pathCut: true },
      { captured: captures.map((_each, index) => (index === 2 ? 'x' : undefined)) },
    ),
    fc.boolean(),
  )
  .map(([life, more, moreAtFirst, atFirst]) =>
    atFirst ? { ...life, arrival: { ...life.arrival, ...moreAtFirst } } : { ...life, ...more },
  )

/** What the ledger decides, or its clocks. */
const anyLook = fc.record({
  level: fc.constantFrom(...LEVELS),
  time: fc.oneof(
    fc.date({ noInvalidDate: true }).map((date) => date.getTime()),
    fc.integer({ min: 0, max: 1500 }).map((ms) => Date.UTC(2026, 10, 23, 10) + ms),
  ),
  slow: fc.boolean(),
  durationMs: fc.oneof(
    fc.integer({ min: 0, max: 1_200_000 }).map((us) => us / 1000),
    fc.double({ min: 0, max: 1e9, noNaN: true }),
  ),
})

type Events = Record<'started' | 'completed', (entry: RequestRecord, level: Level) => string | undefined>

/** Hands both events of a request to a check of two ways to write them. */
function compare(life: Life, look: typeof anyLook extends fc.Arbitrary<infer T> ? T : never, check: Check) {
  const { level, time, slow, durationMs } = look
  const handOver = (kind: keyof Events) => (entry: RequestRecord) => {
    entry.time = time
    entry.slow = kind === 'completed' && slow
    check(kind, entry, level)
    return ''
  }
  const format = {
    addsService: true,
    started: handOver('started'),
    completed: handOver('completed'),
    logLine: () => '',
  }
  linesOf(life, format, durationMs)
}
type Check = (kind: keyof Events, entry: RequestRecord, level: Level) => void

test.each([
  [true, MAX_LINE_BYTES],
  [false, MAX_LINE_BYTES],
  [true, PIPE_BYTES],
  [false, PIPE_BYTES],
])(
  'whatever a request brings, the short cut for bare events writes what the plain way does (colours: %s, bytes: %i)',
  (colors, maxLineBytes) => {
    const pretty = prettyFormat(fields, colors, maxLineBytes)
    const whole = wholeFormat(fields, colors, maxLineBytes)
    fc.assert(
      fc.property(fc.oneof(anyBareLife, anyLifeBeside, anyLife), anyLook, (life, look) =>
        compare(life, look, (kind, entry, level) =>
          expect(pretty[kind](entry, level)).toBe(whole[kind](entry, level)),
        ),
      ),
      { numRuns: 500 },
    )
  },
)

test('an event of which its head says everything takes the short cut, unless it may be too long', () => {
  const bare = bareEvents(fields, createHeads(false), false, MAX_LINE_BYTES)
  fc.assert(
    fc.property(anyBareLife, anyLook, (life, look) => {
      const { requestId, method = '', path = '', route = '' } = life.arrival
      const isShort = [requestId, method, path, route].every((text) => text.length < 200)
      compare(life, look, (kind, entry, level) => {
        const line = bare[kind](entry, level)
        if (isShort) expect(line).toMatch(/^\d\d:.*\n$/)
        else if (path.length >= 1400) expect(line).toBeUndefined()
      })
    }),
  )
})

test.each(['UTC', 'Australia/Lord_Howe', 'America/St_Johns'])(
  'times are those of the clock on the wall, whichever came before: %s',
  (zone) => {
    vi.stubEnv('TZ', zone)
    const { started } = createHeads(false)
    fc.assert(
      fc.property(anyLook, ({ time }) => {
        const date = new Date(time)
        const clock = `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')} `
        expect(started({ time, requestId: 'abc', method: 'GET', path: '/' })).toContain(clock)
      }),
    )
  },
)

test.each([
  [0, '   0.0ms'],
  [0.15, '   0.2ms'],
  [12.304, '  12.3ms'],
  [99.94, '  99.9ms'],
  [99.96, ' 100.0ms'],
  [123.45, ' 123.5ms'],
  [999.94, ' 999.9ms'],
  [1250, '   1.25s'],
  [83_204, '  83.20s'],
])('a duration of %d ms reads %s, also when it comes again', (durationMs, text) => {
  const { completed } = createHeads(false)
  const told = { time: 0, requestId: 'abcdefgh', method: 'GET', path: '/', status: 200, slow: false }
  for (const _time of [1, 2])
    expect(completed({ ...told, durationMs, outcome: 'completed' })).toContain(`200   ${text} abcdefgh GET`)
})
