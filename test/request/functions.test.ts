import Fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import waybill, { type Options } from '../../src/index.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { nextWarning } from '../support/warnings.js'

// The functions among the options: what they throw, return or change hurts nothing and decides nothing.

/** The rejections that would end a process by default. */
function watchRejections(): unknown[] {
  const rejected: unknown[] = []
  const listener = (error: unknown): void => void rejected.push(error)
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', listener)
  onTestFinished(() => {
    process.off('unhandledRejection', listener)
    for (const other of others) process.on('unhandledRejection', other)
  })
  return rejected
}

const rejecting = async (): Promise<never> => {
  throw new Error('no database')
}

test.each<[string, Options]>([
  ['quiet', { quiet: [rejecting as never] }],
  ['startLevel', { startLevel: rejecting as never }],
  ['completionLevel', { completionLevel: rejecting as never }],
  ['fields', { fields: rejecting }],
  ['requestId.trust', { requestId: { trust: rejecting as never } }],
  ['requestId.generate', { requestId: { generate: rejecting as never } }],
])(
  'an async function as %s decides nothing, and its rejection does not end the process',
  async (option, options) => {
    const rejected = watchRejections()
    const { app, log } = await startApp(options)
    const warning = nextWarning()
    await app.inject({ url: '/', headers: option === 'requestId.trust' ? { 'X-Request-Id': 'abc' } : {} })
    expect(log.lines).toHaveLength(2)
    expect(await warning).toMatchObject({
      code: 'WAYBILL_WARN_OPTION_RESULT',
      message: expect.stringContaining(`option "${option}" must return`),
    })
    await new Promise(setImmediate)
    expect(rejected).toEqual([])
  },
)

test('what a function throws is no answer, whatever it is', async () => {
  const throwing = (what: unknown) => (): never => {
    throw what
  }
  const { app, log } = await startApp({
    fields: throwing({ secret: 1, other: 2 }),
    startLevel: throwing('fatal'),
    completionLevel: throwing('silent'),
    quiet: [throwing(true)],
  })
  await app.inject('/')
  expect(log.lines).toMatchObject([
    { event: 'request.started', level: 'info' },
    { event: 'request.completed', level: 'warn' },
  ])
  expect(log.lines[1]).not.toHaveProperty('other')
})

test('what a function changes of a request decides nothing', async () => {
  const { app, log } = await startApp({
    quiet: [
      (request) => {
        Reflect.set(request, 'path', '/health')
        Reflect.deleteProperty(request.headers, 'host')
        return false
      },
      '/health',
    ],
    include: ['host'],
  })
  await app.inject('/users')
  expect(log.events('completed')).toMatchObject([{ path: '/users', host: 'localhost:80' }])
})

test('the path of a request has no query, also where that may begin with a semicolon', async () => {
  const log = new Capture()
  const app = Fastify({ routerOptions: { useSemicolonDelimiter: true } } as object)
  await app.register(waybill, {
    destination: log,
    quiet: ['/healthz'],
    fields: ({ path }) => ({ asked: path }),
  })
  app.get('/healthz', async () => 'ok')
  for (const path of ['/healthz;probe=1', '/other;a=secret']) await app.inject(path)
  expect(log.events('completed')).toMatchObject([{ path: '/other', asked: '/other' }])
})

test('what a function sees has the headers for it to read, and neither a copy nor a log line of it has them', async () => {
  const seen: unknown[] = []
  const { app, log } = await startApp({
    fields: (request, response) => {
      seen.push(request.headers['x-token'], response.headers['x-made'])
      return { copy: { ...request }, request, response }
    },
  })
  app.get('/made', async (_request, reply) => reply.header('x-made', 'yes').send('x'))
  await app.inject({ url: '/made', headers: { 'X-Token': 'hush' } })
  expect(seen).toEqual(['hush', 'yes'])
  const [completed] = log.events('completed')
  expect(completed).toMatchObject({
    request: { method: 'GET', path: '/made', status: 200 },
    response: { status: 200 },
  })
  expect(log.raw.join('')).not.toMatch(/hush|x-made/)
})

test('a function can change nothing of what it sees', async () => {
  const { app, log } = await startApp({
    quiet: [
      (request) => {
        Reflect.set(request.headers, 'x-probe', 'yes')
        return Reflect.set(request, 'path', '/probe') || Reflect.set(request, 'headers', {})
      },
      (request) => request.headers['x-probe'] === 'yes' || request.path === '/probe',
    ],
  })
  app.get('/', async ({ headers }) => ({ probe: headers['x-probe'] ?? 'no' }))
  const { body } = await app.inject('/')
  expect(body).toBe('{"probe":"no"}')
  expect(log.events('completed')).toMatchObject([{ path: '/' }])
})
