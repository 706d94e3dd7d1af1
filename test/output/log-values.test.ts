import vm from 'node:vm'
import fc from 'fast-check'
import Fastify from 'fastify'
import { expect, test, vi } from 'vitest'
import waybill, { createLogger, type FormatName, type Template } from '../../src/index.js'
import { FORMAT_NAMES, MAX_LINE_BYTES } from '../../src/vocabulary.js'
import { runs } from '../fuzz/runs.js'
import { Capture } from '../support/capture.js'
import { expectCpuWithin, expectCpuWithinAsync } from '../support/cpu.js'
import { nextWarning } from '../support/warnings.js'

const OWN: Template = { t: '$time', msg: '$message', in: { '*': '$added' }, cut: '$truncated' }
const FORMATS: readonly (FormatName | Template)[] = [...FORMAT_NAMES, OWN]
/** What a title calls a format. */
const nameOf = (format: FormatName | Template): string => (typeof format === 'string' ? format : 'a template')
/** Far more CPU time than a value takes that is cut first, and far less than one that is not. */
const BOUND_MS = 2000
const MB = 1_000_000

/** Lines that nest, one in the other. */
function nested(depth: number, leaf: unknown = 1): unknown {
  let value = leaf
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

function keysOf(count: number, name: (at: number) => string): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [name(at), at]))
}

/** What took seconds, or was thrown out of `log.info`, when it was encoded before it was cut. */
const LARGE: Record<string, () => unknown> = {
  '2,000 nested arrays': () => nested(2000),
  '100,000 nested arrays': () => nested(100_000),
  '1,000 nested arrays around 900 KB': () => nested(1000, 'x'.repeat(900_000)),
  '150,000 numbers': () => Array.from({ length: 150_000 }, (_, at) => at),
  '60,000 keys': () => keysOf(60_000, (at) => `key_${at}`),
  '2,000 keys that become one name': () =>
    keysOf(2000, (at) => '\u00e9'.repeat((at % 50) + 1) + ' '.repeat(at / 50)),
  'a text of 10 MB': () => 'é"'.repeat(5 * MB),
  'an error with a message of 50 MB': () => new Error('x'.repeat(50 * MB)),
  '1,000 texts of 10 KB': () => Array(1000).fill('x'.repeat(10_000)),
  'a buffer of 10 MB': () => Buffer.alloc(10 * MB),
  'a typed array of 10 MB': () => new Float64Array(MB),
  'a map of 100,000 entries': () => new Map(Array.from({ length: 100_000 }, (_, at) => [at, at])),
}

test.each(
  FORMATS.flatMap((format) => Object.keys(LARGE).map((name) => [nameOf(format), name, format] as const)),
)('%s: %s is logged as one line within the limit, in little time', (_format, name, format) => {
  const value = LARGE[name]?.()
  const log = new Capture()
  const logger = createLogger({ destination: log, format })
  expectCpuWithin(BOUND_MS, () => {
    log.raw.length = 0
    logger.info({ value }, 'as a field')
    logger.info(value)
    logger.child({ value }).warn('bound')
    logger.error({ err: value })
    if (name.endsWith('keys')) logger.info(Object(value), 'as fields')
  })
  expect(log.raw.length).toBeGreaterThanOrEqual(4)
  for (const line of log.raw.filter(() => format !== 'pretty'))
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES)
})

test.each(FORMATS.map((format) => [nameOf(format), format] as const))(
  '%s: hostile JSON bodies fail no request that logs and adds them',
  async (_format, format) => {
    const log = new Capture()
    const app = Fastify({ bodyLimit: MB })
    await app.register(waybill, { destination: log, format })
    app.post('/', async (request) => {
      request.log.info({ body: request.body }, 'received')
      request.waybill.add({ body: request.body })
      request.waybill.add(Object(request.body))
      return 'ok'
    })
    const bodies = [
      '['.repeat(2000) + ']'.repeat(2000),
      JSON.stringify(keysOf(1000, (at) => ' '.repeat(at))),
      JSON.stringify(nested(1000, 'x'.repeat(900_000))),
    ]
    await expectCpuWithinAsync(BOUND_MS, async () => {
      log.raw.length = 0
      for (const payload of bodies) {
        const { statusCode } = await app.inject({
          method: 'POST',
          url: '/',
          payload,
          headers: { 'content-type': 'application/json' },
        })
        expect(statusCode).toBe(200)
      }
    })
    expect(log.raw).toHaveLength(format === 'combined' ? 2 * bodies.length : 3 * bodies.length)
  },
)

/** Values of random shape, depth and size. */
const anyLarge = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.bigInt(), fc.constant(Number.NaN)),
    fc
      .tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.integer({ max: 500_000, min: 1 }))
      .map(([text, count]) => text.repeat(count)),
    fc
      .tuple(tie('value'), fc.integer({ max: 3000, min: 1 }))
      .map(([value, count]) => Array(count).fill(value)),
    fc.tuple(tie('value'), fc.integer({ max: 500, min: 1 })).map(([value, depth]) => nested(depth, value)),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 8 }),
  ),
})).value

test('a value of any shape, depth and size is logged in little time, in any format', () => {
  const loggers = FORMATS.map((format) => {
    const log = new Capture()
    return { log, logger: createLogger({ destination: log, format }), format }
  })
  fc.assert(
    fc.property(anyLarge, (value) => {
      for (const { log, logger, format } of loggers) {
        expectCpuWithin(BOUND_MS, () => {
          log.raw.length = 0
          logger.info({ value, other: { value } }, 'said')
        })
        expect(log.raw).toHaveLength(1)
        if (format !== 'pretty')
          expect(Buffer.byteLength(log.raw[0] ?? '')).toBeLessThanOrEqual(MAX_LINE_BYTES)
      }
    }),
    runs(30),
  )
})

/** What throws when it is looked at. */
const THROWING: Record<string, () => unknown> = {
  'a getter': () => ({
    get broken() {
      throw new Error('read')
    },
    kept: 1,
  }),
  'a getter of the message': () => ({
    get message() {
      throw new Error('read')
    },
    kept: 1,
  }),
  'a getter of the error': () => ({
    get error() {
      throw new Error('read')
    },
    get err() {
      throw new Error('read')
    },
    kept: 1,
  }),
  'a getter of the method': () => ({
    get method() {
      throw new Error('read')
    },
    kept: 1,
  }),
  'a proxy': () =>
    new Proxy(
      {},
      {
        get() {
          throw new Error('read')
        },
        ownKeys() {
          throw new Error('read')
        },
        getPrototypeOf() {
          throw new Error('read')
        },
      },
    ),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  toJSON: () => ({
    toJSON() {
      throw new Error('read')
    },
  }),
  'an object without a prototype': () => Object.create(null),
}

test.each(Object.keys(THROWING))(
  '%s that throws loses its own value, not the line, and does not throw',
  (name) => {
    const value = THROWING[name]?.()
    const log = new Capture()
    const logger = createLogger({ destination: log, format: 'json' })
    logger.info(value)
    logger.info(value, 'said')
    logger.info({ value, kept: 1 }, 'said')
    logger.child({ value }).info('said')
    logger.child(Object(value)).info('said')
    logger.error({ err: value }, 'said')
    Reflect.apply(logger.info, logger, ['%s %o %j', value, value, value])
    expect(log.raw).toHaveLength(7)
    expect(log.lines[2]).toMatchObject({ kept: 1, message: 'said' })
    expect(log.lines[3]).toMatchObject({ message: 'said' })
  },
)

test('a mocked clock loses no line', () => {
  const log = new Capture()
  const logger = createLogger({ destination: log, format: 'json' })
  for (const time of [Number.NaN, -1, Number.POSITIVE_INFINITY, 'x' as unknown as number]) {
    vi.spyOn(Date, 'now').mockReturnValue(time)
    logger.info('said')
    vi.restoreAllMocks()
  }
  expect(log.lines.map(({ timestamp }) => timestamp)).toEqual(
    Array(4).fill(expect.stringMatching(/^\d{4}-\d\d-\d\dT/)),
  )
})

test.each(FORMAT_NAMES.filter((name) => name !== 'combined'))(
  '%s: the id of the log stays, whatever a request logs under its name',
  async (format) => {
    const log = new Capture()
    const app = Fastify()
    await app.register(waybill, { destination: log, format })
    app.get('/', async (request) => {
      request.log.info({ request_id: 'victim' }, 'forged')
      request.log.child({ request_id: 'victim' }).info('forged')
      return 'ok'
    })
    await app.inject({ url: '/', headers: { 'x-request-id': 'the-real-id' } })
    const forged = log.raw.filter((line) => line.includes('forged'))
    expect(forged).toHaveLength(2)
    for (const line of forged) {
      expect(line).toContain(format === 'pretty' ? 'real-id' : 'the-real-id')
      if (format === 'json')
        expect(JSON.parse(line)).toMatchObject({ request_id: 'the-real-id', request_id_: 'victim' })
    }
  },
)

test('an error logged without a message has its own message', () => {
  const log = new Capture()
  const logger = createLogger({ destination: log, format: 'json' })
  logger.error({ err: new Error('broken') })
  logger.error({ error: new Error('broken') })
  logger.error(new Error('broken'))
  logger.error({ err: new Error('broken') }, 'another')
  expect(log.lines.map(({ message }) => message)).toEqual(['broken', 'broken', 'broken', 'another'])
})

test('a binding and a field of one name both stand in the line', () => {
  const log = new Capture()
  createLogger({ destination: log, format: 'json' }).child({ user: 1 }).info({ user: 2 }, 'said')
  expect(log.lines[0]).toMatchObject({ user: 1, user_: 2 })
})

test('a message that is not a string is logged', () => {
  const log = new Capture()
  const logger = createLogger({ destination: log, format: 'json' })
  const say = (...args: unknown[]): unknown => Reflect.apply(logger.info, logger, args)
  const values = [
    123,
    true,
    10n,
    Symbol('s'),
    null,
    undefined,
    () => 1,
    ['x'],
    { length: 1, password: 'hunter2' },
  ]
  for (const value of values) {
    say(value)
    say({ a: 1 }, value)
  }
  say('text %s', Object.create(null))
  say('text %d', Symbol('s'))
  expect(log.lines).toHaveLength(2 * values.length + 2)
  expect(log.lines[1]).toMatchObject({ a: 1, message: '123' })
  expect(log.lines.at(-1)?.message).toMatch(/^text /)
  expect(log.raw.join('')).not.toContain('hunter2')
})

test('child loggers take the options that those of pino take', () => {
  const log = new Capture()
  const logger = createLogger({ destination: log, format: 'json' })
  const bindings = ({ user }: Record<string, unknown>) => ({ uid: (user as { id: number }).id })
  logger.child({ user: { id: 1 } }, { formatters: { bindings } }).info('formatted')
  logger
    .child({}, { serializers: { user: (user: { name: string }) => user.name } })
    .info({ user: undefined }, 'none')
  const step = logger.child({ step: 1 })
  step.setBindings({ step: 2 })
  step.child({ step: 3 }).info('bound')
  logger.child({}, { serializers: { err: () => 'shown' } }).error(new Error('x'))
  expect(log.lines).toMatchObject([
    { uid: 1, message: 'formatted' },
    { message: 'none' },
    { step: 3, message: 'bound' },
    { error: { message: 'shown' } },
  ])
  expect(log.lines[1]).not.toHaveProperty('user')
  expect(log.lines[2]).not.toHaveProperty('step_')
})

test('an error keeps its properties and a numeric code, also from another realm', () => {
  const log = new Capture()
  const logger = createLogger({ destination: log, format: 'json' })
  logger.error({ err: Object.assign(new Error('duplicate'), { code: 11000, errors: ['email is required'] }) })
  logger.error({ err: vm.runInNewContext('new TypeError("boom")') })
  logger.error(vm.runInNewContext('new TypeError("boom")'))
  expect(log.lines).toMatchObject([
    { error: { message: 'duplicate', code: 11000, errors: ['email is required'] } },
    { error: { type: 'TypeError', message: 'boom' } },
    { error: { type: 'TypeError', message: 'boom' }, message: 'boom' },
  ])
})

test('a destination that throws loses the line and causes a warning', async () => {
  const warning = nextWarning()
  const destination = {
    write() {
      throw new Error('full')
    },
  }
  createLogger({ destination, format: 'json' }).info('said')
  expect(await warning).toMatchObject({ code: 'WAYBILL_WARN_EVENT_LOST' })
})

test.each(Object.keys(LARGE).filter((name) => !/buffer|typed/.test(name)))('%s is marked as cut', (name) => {
  const log = new Capture()
  createLogger({ destination: log, format: 'json' }).info({ value: LARGE[name]?.() }, 'said')
  expect(log.lines[0]).toMatchObject({ message: 'said', truncated: true })
})
