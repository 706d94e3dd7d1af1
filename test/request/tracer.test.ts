import Fastify from 'fastify'
import { afterEach, expect, test, vi } from 'vitest'
import waybill from '../../src/index.js'
import { activeTrace, fastifyTrace, serverTrace } from '../../src/request/trace.js'
import type { FormatName } from '../../src/vocabulary.js'
import { Capture } from '../support/capture.js'

const API = Symbol.for('opentelemetry.js.api.1')
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN')

const SERVER = Symbol.for('OpenTelemetry SDK Context Key RPC_METADATA')

const IDS = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }

/** Registers what a copy of the API that is bundled with a service registers, with an active span. */
function register(spanContext: unknown): void {
  const context = new Map([[SPAN, { spanContext: () => spanContext }]])
  Reflect.set(globalThis, API, {
    context: { active: () => ({ getValue: (key: symbol) => context.get(key) }) },
  })
}

afterEach(() => {
  Reflect.deleteProperty(globalThis, API)
  Reflect.deleteProperty(globalThis, '_ddtrace')
  vi.unstubAllEnvs()
})

test('finds the active span of a tracer that is registered later, by whichever copy of the API', () => {
  expect(activeTrace()).toBeUndefined()
  register({ ...IDS, traceFlags: 1 })
  expect(activeTrace()).toEqual({ ...IDS, flags: '01', state: undefined })
})

test('returns the tracestate, unless it is empty', () => {
  register({ ...IDS, traceFlags: 0, traceState: { serialize: () => 'a=1' } })
  expect(activeTrace()).toEqual({ ...IDS, flags: '00', state: 'a=1' })
  register({ ...IDS, traceFlags: 0, traceState: { serialize: () => '' } })
  expect(activeTrace()).toEqual({ ...IDS, flags: '00', state: undefined })
})

test('the span of a server comes before the active one, and the active one where there is none', () => {
  const spanOf = (spanId: string) => ({ spanContext: () => ({ ...IDS, spanId }) })
  const inner = 'aaaaaaaaaaaaaaaa'
  const context = (server: unknown) => ({
    getValue: (key: symbol) => (key === SPAN ? spanOf(inner) : key === SERVER ? server : undefined),
  })
  Reflect.set(globalThis, API, { context: { active: () => context({ span: spanOf(IDS.spanId) }) } })
  expect(serverTrace()?.spanId).toBe(IDS.spanId)
  expect(fastifyTrace({ opentelemetry: () => ({ context: context(undefined) }) })?.spanId).toBe(inner)
  Reflect.set(globalThis, API, { context: { active: () => context(undefined) } })
  expect(serverTrace()?.spanId).toBe(inner)
  const request = { opentelemetry: () => ({ context: context({ span: spanOf(IDS.spanId) }) }) }
  expect(fastifyTrace(request)?.spanId).toBe(IDS.spanId)
})

test('a request without a trace of its own has none, nor one whose trace throws when it is read', () => {
  const throwing = {
    opentelemetry() {
      throw new Error('not yet')
    },
  }
  expect([serverTrace(), fastifyTrace(throwing)]).toEqual([undefined, undefined])
  register({ ...IDS, traceFlags: 1 })
  expect([fastifyTrace({}), fastifyTrace({ opentelemetry: () => ({ context: null }) })]).toEqual([
    undefined,
    undefined,
  ])
  expect(fastifyTrace(throwing)).toBeUndefined()
})

test.each([
  ['no span context', undefined],
  ['a trace id of zeros', { ...IDS, traceId: '0'.repeat(32) }],
  ['a span id of zeros', { ...IDS, spanId: '0'.repeat(16) }],
  ['a short id', { ...IDS, spanId: 'abc' }],
  ['an id with a line break', { ...IDS, traceId: `${IDS.traceId}\n` }],
  ['an id that is no text', { ...IDS, traceId: 1 }],
])('ignores %s', (_what, spanContext) => {
  register(spanContext)
  expect(activeTrace()).toBeUndefined()
})

test('finds no trace without a context manager or an active span', () => {
  Reflect.set(globalThis, API, { trace: {} })
  expect(activeTrace()).toBeUndefined()
  Reflect.set(globalThis, API, { context: { active: () => ({ getValue: () => undefined }) } })
  expect(activeTrace()).toBeUndefined()
})

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('broken')
    },
  ],
  ['has no context', () => undefined],
])('ignores a tracer that %s', (_what, active) => {
  Reflect.set(globalThis, API, { context: { active } })
  expect(activeTrace()).toBeUndefined()
})

/** Registers what `dd-trace` registers, with an active span. */
function registerDatadog(): void {
  const dd = { trace_id: '6b087f630000000023a1db45a839be39', span_id: '3589707383784137250' }
  Reflect.set(globalThis, '_ddtrace', {
    scope: () => ({ active: () => ({}) }),
    inject: (_span: object, _format: string, carrier: object) => void Object.assign(carrier, { dd }),
  })
}

async function requestLines(format: FormatName) {
  const log = new Capture()
  const app = Fastify()
  await app.register(waybill, { destination: log, format })
  app.get('/', async (request) => {
    request.log.info({ dd: 'of the app' }, 'logged')
    return 'ok'
  })
  await app.inject('/')
  return log.lines
}

test.each(['json', 'datadog', 'ecs', 'gcp', 'otel'] as const)(
  '%s: the ids of the tracer of Datadog are on every line',
  async (format) => {
    registerDatadog()
    const lines = await requestLines(format)
    const dd = { trace_id: '6b087f630000000023a1db45a839be39', span_id: '3589707383784137250' }
    expect(lines.map((line) => line.dd)).toEqual([dd, dd, dd])
    expect(JSON.stringify(lines[1])).toMatch(/"dd_?":"of the app"/)
  },
)

test('Datadog ids are omitted when injection is off or the tracer throws', async () => {
  registerDatadog()
  vi.stubEnv('DD_LOGS_INJECTION', 'false')
  expect((await requestLines('json')).map((line) => line.dd)).toEqual([undefined, 'of the app', undefined])
  vi.unstubAllEnvs()
  Reflect.set(globalThis, '_ddtrace', {
    scope() {
      throw new Error('none')
    },
  })
  expect((await requestLines('json')).map((line) => line.dd)).toEqual([undefined, 'of the app', undefined])
})
