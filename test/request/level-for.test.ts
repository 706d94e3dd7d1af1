import Fastify from 'fastify'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MiddlewareOptions } from '../../src/express.js'
import waybill, { log as currentLog } from '../../src/index.js'
import { adapters } from '../contract/adapters.js'
import type { Exchange } from '../contract/service.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { nextWarning } from '../support/warnings.js'

function handle({ log, response }: Exchange): void {
  log.debug('details')
  log.child({ part: 1 }).debug('of a child')
  response.end('ok')
}

describe.each(adapters)('$name', (adapter) => {
  test('one request has lines of a lower level, another of none', async () => {
    const log = new Capture()
    const options: MiddlewareOptions = {
      destination: log,
      levelFor: ({ headers }) => headers['x-level'] as 'debug' | undefined,
    }
    const { client, close } = await adapter.start(options, [{ pattern: '/x/:id', handle }])
    onTestFinished(close)
    await client.ask('/x/1')
    await client.ask('/x/2', { headers: { 'X-Level': 'debug' } })
    await client.ask('/x/3', { headers: { 'X-Level': 'silent' } })
    await client.ask('/x/4')
    await log.completions(3)
    const [, , third] = log.events('started')
    expect(log.lines.map(({ event, message, path }) => event ?? path ?? message)).toEqual([
      ...['request.started', 'request.completed'],
      ...['request.started', 'details', 'of a child', 'request.completed'],
      ...['request.started', 'request.completed'],
    ])
    expect(third).toMatchObject({ path: '/x/4' })
    const id = log.events('started')[1]?.request_id
    expect(log.lines.slice(2, 6).every(({ request_id }) => request_id === id)).toBe(true)
  })
})

test('it holds through a logger of the app, whose level stays', async () => {
  const log = new Capture()
  const app = Fastify({ loggerInstance: pino({}, log) })
  await app.register(waybill, { levelFor: ({ route }) => (route === '/debug' ? 'debug' : undefined) })
  for (const path of ['/debug', '/']) {
    app.get(path, async (request) => {
      request.log.debug('details')
      currentLog.debug('current')
      app.log.debug('of the app')
      return 'ok'
    })
  }
  await app.inject('/debug')
  await app.inject('/')
  expect(log.lines.map(({ event, msg }) => event ?? msg)).toEqual([
    ...['request.started', 'details', 'current', 'request.completed'],
    ...['request.started', 'request.completed'],
  ])
})

test('the level of the app can change while it runs, for requests under way too', async () => {
  const { app, log } = await startApp()
  app.get('/', async (request) => {
    request.log.debug('before')
    app.log.level = 'debug'
    request.log.debug('after')
    return 'ok'
  })
  await app.inject('/')
  app.log.level = 'warn'
  await app.inject('/')
  app.log.level = 'silent'
  await app.inject('/nowhere')
  expect(log.lines.map(({ event, message }) => event ?? message)).toEqual([
    ...['request.started', 'after', 'request.completed'],
    'after',
    'request.completed',
  ])
})

test.each<[string, () => 'debug']>([
  ['returns no level', () => 'loud' as 'debug'],
  [
    'throws',
    () => {
      throw new Error('broken')
    },
  ],
])('the level of the app holds when a function %s', async (what, levelFor) => {
  const { app, log } = await startApp({ levelFor })
  const warning = nextWarning()
  app.get('/', async (request) => {
    request.log.debug('details')
    return 'ok'
  })
  await app.inject('/')
  expect(log.lines).toHaveLength(2)
  if (what === 'returns no level')
    expect((await warning).message).toMatch(
      /^waybill: option "levelFor" must return a level, 'silent' or undefined/,
    )
})
