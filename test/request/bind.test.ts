import express from 'express'
import Fastify from 'fastify'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type MiddlewareOptions, waybill as middleware } from '../../src/express.js'
import waybill, { createLogger, log as currentLog, currentRequest, type Options } from '../../src/index.js'
import { FORMAT_NAMES } from '../../src/vocabulary.js'
import { adapters } from '../contract/adapters.js'
import type { Exchange } from '../contract/service.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { nextWarning } from '../support/warnings.js'

describe.each(adapters)('$name', (adapter) => {
  // These call the middleware without a function to run within its context.
  const isInContext = !adapter.name.startsWith('node:')

  async function startService(options: MiddlewareOptions, handle: (exchange: Exchange) => void) {
    const log = new Capture()
    const service = await adapter.start({ destination: log, ...options }, [{ pattern: '/x/:id', handle }])
    onTestFinished(service.close)
    return { ...service, log }
  }

  test('what is bound is on the completion and on all later lines of the request', async () => {
    const { client, log } = await startService({}, ({ log: own, waybill: own_, response }) => {
      const child = own.child({ part: 'a' })
      own.info('before')
      own_.bind({ user_id: 42, token: 'hidden' })
      own.info({ more: 1 }, 'after')
      child.info('of a child')
      if (isInContext) currentLog.info('current')
      if (isInContext) createLogger({ destination: log, format: 'json' }).info('of another logger')
      ;(isInContext ? currentRequest() : own_)?.bind({ role: 'admin' })
      own.info('again')
      own_.add({ added: true })
      response.end('ok')
    })
    await client.ask('/x/1')
    await log.completions(1)
    const bound = { user_id: 42, token: '[redacted]' }
    const fields = log.lines.map(({ message, event, user_id, token, role, part, more, added }) =>
      JSON.parse(JSON.stringify({ what: event ?? message, user_id, token, role, part, more, added })),
    )
    expect(fields).toEqual([
      { what: 'request.started' },
      { what: 'before' },
      { what: 'after', ...bound, more: 1 },
      { what: 'of a child', ...bound, part: 'a' },
      ...(isInContext
        ? [
            { what: 'current', ...bound },
            { what: 'of another logger', ...bound },
          ]
        : []),
      { what: 'again', ...bound, role: 'admin' },
      { what: 'request.completed', ...bound, role: 'admin', added: true },
    ])
  })

  test('fields are added to the completion from the request as it ended and its response', async () => {
    const seen: unknown[] = []
    const { client, log } = await startService(
      {
        fields: ({ path, status, headers }, response) => {
          seen.push(response.status)
          return {
            tenant: headers['x-tenant'],
            cache: response.headers['x-cache'],
            path_: path,
            mine: status,
          }
        },
      },
      ({ waybill: own, response }) => {
        own.add({ mine: 'of the handler' })
        response.setHeader('X-Cache', 'hit')
        response.statusCode = 202
        response.end('ok')
      },
    )
    await client.ask('/x/1', { headers: { 'X-Tenant': 'acme' } })
    await log.completions(1)
    expect(log.events('completed')[0]).toMatchObject({
      tenant: 'acme',
      cache: 'hit',
      path_: '/x/1',
      mine: 'of the handler',
    })
    expect(log.events('started')[0]).not.toHaveProperty('tenant')
    expect(seen).toEqual([202])
  })

  test('headers of the response, bytes of the request and the time of the head are there if they are named', async () => {
    const include = ['response:x-cache', 'request_bytes', 'first_byte_ms', 'response:absent'] as const
    const { client, log } = await startService({ include, context: false }, ({ response }) => {
      response.writeHead(200, { 'X-Cache': 'miss' })
      setTimeout(() => response.end('ok'), 20)
    })
    await client.ask('/x/1')
    await log.completions(1)
    const { first_byte_ms: first, duration_ms: duration, ...completed } = log.events('completed')[0] ?? {}
    expect(completed).toMatchObject({ 'response:x-cache': 'miss', request_bytes: 0 })
    expect(completed).not.toHaveProperty('response:absent')
    expect(Number(first)).toBeGreaterThan(0)
    expect(Number(first)).toBeLessThan(Number(duration))
    expect(log.events('started')[0]).not.toHaveProperty('request_bytes')
  })
})

test('the bytes of a body are those that were read, as they came', async () => {
  const { app, log } = await startApp({ include: ['request_bytes'], context: false })
  app.post('/', async () => 'ok')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const body = JSON.stringify({ text: 'é'.repeat(100_000) })
  const headers = { 'Content-Type': 'application/json' }
  await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, headers })
  await log.completions(1)
  await app.close()
  expect(log.events('completed')[0]).toMatchObject({ request_bytes: Buffer.byteLength(body) })
})

test('what is bound is on the lines of a logger of the app, once', async () => {
  const log = new Capture()
  const app = Fastify({ loggerInstance: pino({ redact: ['secret'] }, log) })
  await app.register(waybill)
  app.get('/', async (request) => {
    request.waybill.bind({ user_id: 42, secret: 'x', status: 1 })
    request.log.info('after')
    currentLog.info('current')
    app.log.info('of the app')
    return 'ok'
  })
  await app.inject('/')
  expect(log.raw.map((line) => line.split('"user_id"').length - 1)).toEqual([0, 1, 1, 0, 1])
  expect(log.lines[4]).toMatchObject({ status: 200, user_id: 42, secret: '[Redacted]' })
})

test('an own logger of the middleware binds too, and one without setBindings has the fields on the completion', async () => {
  for (const setBindings of [true, false]) {
    const log = new Capture()
    const logger = pino({}, log)
    const child = logger.child.bind(logger)
    if (!setBindings)
      Object.assign(logger, {
        child: (bindings: object) => Object.assign(child(bindings), { setBindings: undefined }),
      })
    const app = express()
    app.use(middleware({ logger }))
    app.get('/', (request, response) => {
      request.waybill.bind({ user_id: 42 })
      request.log.info('after')
      response.send('ok')
    })
    const server = app.listen(0)
    await new Promise((resolve) => server.once('listening', resolve))
    await fetch(`http://127.0.0.1:${(server.address() as { port: number }).port}/`)
    await log.completions(1)
    server.close()
    expect(log.events('completed')[0]).toMatchObject({ user_id: 42 })
    expect(log.lines[1]?.user_id).toBe(setBindings ? 42 : undefined)
  }
})

test.each(FORMAT_NAMES.filter((name) => name !== 'combined'))(
  '%s: bound fields are on every line',
  async (format) => {
    const { app, log } = await startApp({ format, startLevel: false, runningAfter: 20 })
    app.get('/', async (request) => {
      request.waybill.bind({ tenant: 'acme-corp' })
      request.log.info('after')
      await expect.poll(() => log.raw.length, { timeout: 20_000 }).toBeGreaterThan(1)
      return 'ok'
    })
    await app.inject('/')
    expect(log.raw.length).toBeGreaterThanOrEqual(3)
    for (const line of log.raw) expect(line).toContain('acme-corp')
  },
)

test('after the completion it does nothing but warn', async () => {
  const { app, log } = await startApp()
  let bind = (): void => {}
  app.get('/', async ({ waybill: own }) => {
    bind = () => own.bind({ late: 1 })
    return 'ok'
  })
  await app.inject('/')
  await log.completions(1)
  const warning = nextWarning()
  bind()
  expect(await warning).toMatchObject({
    code: 'WAYBILL_WARN_LATE',
    message: expect.stringContaining('request.waybill.bind("late") had no effect'),
  })
  expect(log.lines).toHaveLength(2)
})

test.each<[string, () => object]>([
  [
    'throws',
    () => {
      throw new Error('broken')
    },
  ],
  ['returns no object', () => 'text' as unknown as object],
  ['returns what is reserved', () => ({ status: 1, outcome: 'x' })],
])('a function for fields that %s costs nothing else', async (_what, fields) => {
  const { app, log } = await startApp({ fields })
  app.get('/', async () => 'ok')
  await app.inject('/')
  expect(log.events('completed')).toMatchObject([{ status: 200, outcome: 'completed' }])
})

test.each<[Options, string]>([
  [{ fields: {} as never }, 'fields'],
  [{ include: ['response:'] as never }, 'include[0]'],
])('%o is refused', async (options, option) => {
  await expect(Fastify().register(waybill, options)).rejects.toMatchObject({ option })
})
