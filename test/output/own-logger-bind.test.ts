import { setTimeout } from 'node:timers/promises'
import Fastify, { type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { type Logger, type LoggerOptions, pino } from 'pino'
import { expect, test } from 'vitest'
import waybill, { log as currentLog, type Options } from '../../src/index.js'
import { Capture } from '../support/capture.js'

// What is bound to a request, on an app that has its own logger.

interface Setup {
  readonly waybill?: Options
  readonly pino?: LoggerOptions
  readonly fastify?: FastifyServerOptions
}

async function logged(
  handle: (request: FastifyRequest) => unknown,
  { waybill: options = {}, pino: ofLogger = {}, fastify = {} }: Setup = {},
): Promise<Capture> {
  const log = new Capture()
  const app = Fastify({ loggerInstance: pino(ofLogger, log), ...fastify } as FastifyServerOptions)
  await app.register(waybill, options)
  app.get('/', async (request) => handle(request))
  await app.inject('/')
  await app.inject('/?second')
  return log
}

/** How often a name stands in each line. */
function counts(log: Capture, name: string): number[] {
  return log.raw.map((line) => line.split(`"${name}":`).length - 1)
}

test('a name that is bound again stands once in a line, with its last value', async () => {
  const log = await logged((request) => {
    for (let step = 0; step < 100; step++) request.waybill.bind({ step })
    request.log.info('after')
    return 'ok'
  })
  expect(counts(log, 'step')).toEqual([0, 1, 1, 0, 1, 1])
  expect(log.lines.slice(1, 3)).toMatchObject([{ step: 99 }, { step: 99 }])
})

test('what the app binds itself stays, in the logger and in its children', async () => {
  const log = await logged((request) => {
    ;(request.log as Logger).setBindings({ before: 1 })
    request.waybill.bind({ user: 'a' })
    request.log = request.log.child({ part: 'x' })
    request.waybill.bind({ user: 'b' })
    ;(request.log as Logger).setBindings({ after: 2 })
    request.waybill.bind({ role: 'admin' })
    request.log.info('line')
    currentLog.info('current')
    return 'ok'
  })
  const expected = { before: 1, part: 'x', after: 2, user: 'b', role: 'admin' }
  expect(log.lines.slice(1, 4)).toMatchObject([expected, expected, { ...expected, status: 200 }])
  for (const name of Object.keys(expected)) expect(counts(log, name).slice(0, 4)).toEqual([0, 1, 1, 1])
})

test('a field that is added or given by the option has its name once on the completion', async () => {
  const log = await logged(
    (request) => {
      request.waybill.bind({ user: 'bound', tenant: 'bound' })
      request.waybill.add({ user: 'added' })
      return 'ok'
    },
    { waybill: { fields: () => ({ tenant: 'of the option', user: 'of the option' }) } },
  )
  expect(counts(log, 'user')).toEqual([0, 1, 0, 1])
  expect(counts(log, 'tenant')).toEqual([0, 1, 0, 1])
  expect(log.lines[1]).toMatchObject({ user: 'added', tenant: 'bound' })
})

test('a start that was held back does not have what was bound after it', async () => {
  const log = await logged(
    (request) => {
      request.waybill.bind({ user: 'a' })
      throw new Error('broken')
    },
    { waybill: { quiet: ['*'] } },
  )
  expect(counts(log, 'user')).toEqual([0, 1, 0, 1])
})

test.each([{}, { mixin: () => ({ mixed: true }) }])('a running request has it once: %o', async (ofLogger) => {
  const log = await logged(
    async (request) => {
      request.waybill.bind({ user: 'a' })
      await setTimeout(30)
      return 'ok'
    },
    { pino: ofLogger, waybill: { runningAfter: 10 } },
  )
  const running = log.raw.filter((line) => line.includes('"request.running"'))
  expect(running.length).toBeGreaterThanOrEqual(2)
  for (const line of running) expect(line.split('"user":')).toHaveLength(2)
})

test('a logger that several requests share has nothing of any of them', async () => {
  let requests = 0
  const log = await logged(
    (request) => {
      if (++requests === 1) request.waybill.bind({ user: 'first' })
      request.log.info('line')
      return 'ok'
    },
    { fastify: { childLoggerFactory: (logger) => logger } },
  )
  expect(counts(log, 'user')).toEqual([0, 0, 1, 0, 0, 0])
})

test('a logger of a factory that has the id under another name is bound to', async () => {
  const log = await logged(
    (request) => {
      request.waybill.bind({ user: 'a' })
      request.log.info('line')
      return 'ok'
    },
    {
      fastify: {
        childLoggerFactory: (logger, bindings) => logger.child({ correlation: bindings.request_id }),
      },
    },
  )
  expect(counts(log, 'user')).toEqual([0, 1, 1, 0, 1, 1])
})

test('a completion with long bindings is cut to its limit, and no line has what a terminal obeys', async () => {
  const log = await logged((request) => {
    request.waybill.bind({ long: 'x'.repeat(20_000), agent: '\u009b31m' })
    request.log.info('line')
    return 'ok'
  })
  expect(log.raw[2]?.length).toBeLessThanOrEqual(8000)
  expect(log.lines[2]).toMatchObject({ truncated: true, status: 200 })
  for (const line of log.raw) expect(line).not.toContain('\u009b')
})

test('redaction and serializers of the logger hold on its lines and on the completion', async () => {
  const log = await logged(
    (request) => {
      request.waybill.bind({ card: '4111', user: { name: 'Ada', id: 1 }, ssn: '1' })
      request.log.info('line')
      return 'ok'
    },
    { pino: { redact: ['card', 'user.name'], serializers: { ssn: () => '***' } } },
  )
  const expected = { card: '[Redacted]', user: { name: '[Redacted]', id: 1 }, ssn: '***' }
  expect(log.lines.slice(1, 3)).toMatchObject([expected, expected])
})
