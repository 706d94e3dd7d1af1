import { channel } from 'node:diagnostics_channel'
import fc from 'fast-check'
import { type ChildLoggerOptions, type Logger, type LoggerOptions, pino } from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import type { EventLog } from '../../src/output/events.js'
import { eventsToLogger } from '../../src/output/own-logger.js'
import { PinoLines } from '../../src/output/pino-lines.js'
import type { RequestRecord } from '../../src/request/record.js'
import { type Level, MAX_LINE_BYTES } from '../../src/vocabulary.js'
import { anyText, anything } from '../fuzz/arbitraries.js'
import { anyLife, captures, type Life, linesOf } from '../fuzz/events.js'
import { FUZZ_TIMEOUT_MS, runs } from '../fuzz/runs.js'
import { Capture } from '../support/capture.js'

/** What the line of a logger may take beside the event before it is cut, as its bindings are not measured exactly. */
const ENVELOPE_BYTES = 1000

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** A destination that is told of each line what pino tells it. */
class Told extends Capture {
  lastLevel: unknown
  lastObj: unknown
  lastMsg: unknown
  lastTime: unknown
  lastLogger: unknown

  constructor() {
    super()
    Object.assign(this, { [Symbol.for('pino.metadata')]: true })
  }
}

const upper = (value: unknown): string => String(value).toUpperCase()
const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values)

/** Now and then one of some values; mostly none, so that many settings leave events alone. */
function seldom<T>(...values: T[]): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { weight: 20, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: pick(...values) },
  )
}

const NAMES = ['event', 'outcome', 'path', 'user_agent', 'status', 'msg', 'tenant', 'request_id', 'own']
const anySerializers = fc
  .record({
    harmless: fc.constant(upper),
    named: seldom(...NAMES),
    error: seldom<(error: Error) => unknown>(
      pino.stdSerializers.err,
      (error: Error) => ({ is: error?.message }),
      upper,
    ),
    err: seldom<(error: Error) => unknown>(pino.stdSerializers.errWithCause, (error: Error) => ({
      is: error?.message,
    })),
  })
  .map(({ harmless, named, error, err }) => ({
    req: harmless,
    ...(named && { [named]: upper }),
    ...(error && { error }),
    ...(err && { err }),
  }))
const PATHS = [
  'error.stack',
  'path',
  '*.x',
  '["header:x-any"]',
  'req.headers.cookie',
  'own.x',
  'own',
  'msg',
  '*',
]

const anyOptions = fc.record({
  level: pick('trace', 'info', 'warn'),
  base: pick(undefined, null, { app: 'shop' }),
  timestamp: pick<LoggerOptions['timestamp']>(
    true,
    false,
    () => ',"at":"noon"',
    pino.stdTimeFunctions.isoTime,
  ),
  messageKey: seldom('text', 'event', 'own'),
  errorKey: pick(undefined, 'error', 'own'),
  msgPrefix: seldom('[shop] '),
  crlf: pick(undefined, true),
  name: pick(undefined, 'n'),
  nestedKey: seldom('nested'),
  serializers: fc.option(anySerializers, { nil: undefined }),
  redact: fc
    .tuple(pick(undefined, 'req.headers.cookie'), seldom(...PATHS))
    .map((paths) => paths.filter((path) => path !== undefined)),
  mixin: seldom(() => ({ mixed: 1 })),
  customLevels: pick(undefined, { audit: 35 }),
  hooks: seldom(
    { streamWrite: (line: string) => line.replace('e', 'E') },
    {
      logMethod(this: Logger, args: Parameters<Logger['info']>, method: Logger['info']) {
        method.call(this, { hooked: args[0] }, 'hooked')
      },
    },
  ),
  formatters: seldom(
    { level: (label: string) => ({ severity: label }) },
    { log: (fields: object) => ({ ...fields, formatted: 1 }) },
    { bindings: (bound: object) => ({ ...bound, formatted: 1 }) },
  ),
})

const anyChildOptions = fc.record({
  serializers: seldom({ event: upper }, { req: upper }),
  redact: seldom(['path'], ['other.path']),
  formatters: seldom({ log: (fields: object) => ({ ...fields, formatted: 2 }) }, {}),
  msgPrefix: seldom('(child) '),
  level: seldom('info', 'error'),
  customLevels: seldom({ notice: 33 }),
})

/** What an app makes of its loggers beside their options. */
const anyChange = seldom<(logger: Logger) => void>(
  (logger) => logger.setBindings({ later: 1 }),
  (logger) => {
    const { info } = logger
    logger.info = function (this: Logger, ...args: Parameters<Logger['info']>) {
      info.call(this, { wrapped: args[0] }, 'wrapped')
    } as Logger['info']
  },
  (logger) => {
    vi.spyOn(logger, 'info').mockImplementation(() => {})
  },
  (logger) => {
    Object.defineProperty(logger, pino.symbols.asJsonSym, { value: () => '{"own":"asJson"}\n' })
  },
)

const anySettings = fc.record({
  options: anyOptions,
  child: anyChildOptions,
  bound: pick<object>({ request_id: 'abc' }, { tenant: 'a"b\u2028' }, { big: 'b'.repeat(3000) }),
  change: anyChange,
  told: fc.boolean(),
  bindsId: fc.boolean(),
})
type Settings = typeof anySettings extends fc.Arbitrary<infer T> ? T : never

const ownFields = fc.dictionary(pick('own', 'tenant', 'err', 'req', 'user_agent', '1', 'toString'), anything)

function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

/** What is written of a request, and told of it, by way of the events of an app with such a logger. */
function written(settings: Settings, life: Life, events: EventLog): { lines: string[]; told: unknown[] } {
  const { options, child, bound, change } = settings
  const log = settings.told ? new Told() : new Capture()
  const root = pino(defined(options) as unknown as LoggerOptions, log)
  const logger = root.child(bound, defined(child) as ChildLoggerOptions)
  change?.(logger)
  const told: unknown[] = []
  const write =
    (kind: 'started' | 'completed') =>
    (record: RequestRecord, level: Level): string => {
      record.logger = logger
      record.bindsId = settings.bindsId
      events[kind](record, level)
      if (log instanceof Told) told.push([log.lastLevel, log.lastObj, log.lastMsg, log.lastTime])
      return ''
    }
  linesOf(life, {
    started: write('started'),
    running: () => '',
    completed: write('completed'),
    logLine: () => '',
  })
  return { lines: log.raw, told }
}

test(
  'with any pino options, events written directly equal those written through the logger',
  () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 26) })
    const past = vi.spyOn(PinoLines.prototype, 'write')
    const events = eventsToLogger(captures, MAX_LINE_BYTES)
    const traced = channel('tracing:pino_asJson:start')
    const listener = (): void => {}
    let count = 0
    let tried = 0
    fc.assert(
      fc.property(anySettings, anyLife, fc.array(ownFields, { maxLength: 1 }), (settings, anyOne, own) => {
        const life = { ...anyOne, added: [...anyOne.added, ...own] }
        past.mockClear()
        const fast = written(settings, life, events)
        count += past.mock.results.filter(({ value }) => value === true).length
        tried += past.mock.results.length
        // Who traces pino has all events written by it.
        traced.subscribe(listener)
        past.mockClear()
        const whole = written(settings, life, events)
        expect(past.mock.results.every(({ value }) => value === false)).toBe(true)
        traced.unsubscribe(listener)
        expect(fast.lines).toHaveLength(whole.lines.length)
        const isShort = fast.lines.every((line) => Buffer.byteLength(line) < MAX_LINE_BYTES - ENVELOPE_BYTES)
        if (isShort && !('big' in settings.bound)) {
          expect(fast.lines.map(ordered)).toEqual(whole.lines.map(ordered))
          expect(fast.told).toEqual(whole.told)
        }
      }),
      runs(600),
    )
    expect(count).toBeGreaterThan(tried / 20)
  },
  FUZZ_TIMEOUT_MS,
)

/** A line with its fields in the order that its reader has them in; as it is, where two of them have one name. */
function ordered(line: string): string {
  try {
    return JSON.stringify(JSON.parse(line))
  } catch {
    return line
  }
}

test(
  'for any request, events written past a pino logger are one safe line each within the limit',
  () => {
    const log = new Capture()
    const logger = pino({ base: null }, log)
    const events = eventsToLogger(captures, MAX_LINE_BYTES)
    const past = vi.spyOn(PinoLines.prototype, 'write')
    const write = (kind: 'started' | 'completed') => (record: RequestRecord, level: Level) => {
      record.logger = logger
      events[kind](record, level)
      return ''
    }
    const format = {
      started: write('started'),
      running: () => '',
      completed: write('completed'),
      logLine: () => '',
    }
    fc.assert(
      fc.property(anyLife, fc.dictionary(anyText, anything, { maxKeys: 4 }), (life, fields) => {
        log.raw.length = 0
        linesOf({ ...life, added: [...life.added, fields] }, format)
        expect(log.raw).toHaveLength(2)
        for (const line of log.raw) {
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES)
          expect(line.slice(0, -1)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029\uffff]|\p{Surrogate}/u)
          expect(JSON.parse(line)).toMatchObject({ event: expect.stringMatching(/^request\./) })
        }
      }),
      runs(200),
    )
    const { results } = past.mock
    expect(results.filter(({ value }) => value === true).length).toBeGreaterThan(results.length / 10)
  },
  FUZZ_TIMEOUT_MS,
)
