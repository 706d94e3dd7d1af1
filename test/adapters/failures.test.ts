import { once } from 'node:events'
import http from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import waybill from '../../src/index.js'
import { startApp } from '../support/app.js'
import { Capture, type Line } from '../support/capture.js'
import { ask, listen } from '../support/http.js'

const STACK = expect.stringMatching(/\n {4}at /)

/** One request, and the one line about it that is not its start. */
async function onlyLineAfterStart(
  app: FastifyInstance,
  log: Capture,
  url: string,
): Promise<Line | undefined> {
  await app.inject(url)
  const [started, ...others] = log.lines
  expect(started).toMatchObject({ event: 'request.started' })
  expect(others).toHaveLength(1)
  return others[0]
}

test.each<[string, (app: FastifyInstance) => void, object]>([
  [
    'a thrown error',
    (app) =>
      app.get('/', () => {
        throw new TypeError('broken')
      }),
    { status: 500, level: 'error', error: { type: 'TypeError', message: 'broken', stack: STACK } },
  ],
  [
    'a rejected promise',
    (app) => app.get('/', async () => Promise.reject(new RangeError('broken'))),
    { status: 500, error: { type: 'RangeError', message: 'broken', stack: STACK } },
  ],
  [
    'a thrown text',
    (app) =>
      app.get('/', async () => {
        throw 'broken'
      }),
    { status: 500, error: { type: 'string', message: 'broken' } },
  ],
  [
    'a validation error',
    (app) =>
      app.get('/', { schema: { querystring: { type: 'object', required: ['page'] } } }, async () => ''),
    {
      status: 400,
      level: 'warn',
      error: { type: 'Error', message: "querystring must have required property 'page'" },
    },
  ],
  [
    'an error of a serializer',
    (app) =>
      app.get(
        '/',
        { schema: { response: { 200: { type: 'object', properties: { n: { type: 'integer' } } } } } },
        async () => ({ n: 'x' }),
      ),
    {
      status: 500,
      error: { type: 'Error', message: expect.stringContaining('cannot be converted'), stack: STACK },
    },
  ],
  [
    'an error in onSend',
    (app) =>
      app.get(
        '/',
        {
          onSend: async () => {
            throw new Error('on send')
          },
        },
        async () => '',
      ),
    { status: 500, error: { type: 'Error', message: 'on send', stack: STACK } },
  ],
  [
    'an error in onRequest',
    (app) =>
      app.get(
        '/',
        {
          onRequest: async () => {
            throw Object.assign(new Error('no'), { statusCode: 403 })
          },
        },
        async () => '',
      ),
    { status: 403, level: 'warn', error: { type: 'Error', message: 'no' } },
  ],
  [
    'an error that a handler of errors answers',
    (app) => {
      app.setErrorHandler(async (_error, _request, reply) => reply.code(422).send('no'))
      app.get('/', async () => {
        throw new Error('raw')
      })
    },
    { status: 422, level: 'warn', error: { type: 'Error', message: 'raw' } },
  ],
  [
    'an error reply.send() is given',
    (app) =>
      app.get('/', (_request, reply) => {
        reply.send(Object.assign(new Error('down'), { statusCode: 502 }))
      }),
    { status: 502, level: 'error', error: { type: 'Error', message: 'down', stack: STACK } },
  ],
])('%s is logged in the completion, on no other line', async (_case, declare, expected) => {
  const { app, log } = await startApp()
  declare(app)
  expect(await onlyLineAfterStart(app, log, '/')).toMatchObject({ event: 'request.completed', ...expected })
})

test('an error handler that fails itself is logged with the error it failed on', async () => {
  const { app, log } = await startApp()
  app.setErrorHandler(() => {
    throw new TypeError('handler broke')
  })
  app.get('/', async () => {
    throw new Error('first')
  })
  const { status, error } = (await onlyLineAfterStart(app, log, '/')) as {
    status: number
    error: Record<string, string>
  }
  expect([status, error.type, error.message]).toEqual([500, 'TypeError', 'handler broke'])
  expect(error.stack).toMatch(/^TypeError: handler broke\n.*while handling: Error: first\n/s)
})

test('an error that a handler turned into a good answer is no failure', async () => {
  const { app, log } = await startApp()
  app.setErrorHandler(async (_error, _request, reply) => reply.code(200).send('recovered'))
  app.get('/', async () => {
    throw new Error('handled')
  })
  expect(await onlyLineAfterStart(app, log, '/')).not.toHaveProperty('error')
})

test('a 4xx has no stack, whatever was thrown', async () => {
  const { app, log } = await startApp()
  app.get('/', async () => {
    throw Object.assign(new Error('no'), { statusCode: 404 })
  })
  const line = await onlyLineAfterStart(app, log, '/')
  expect(line?.error).toEqual({ type: 'Error', message: 'no' })
})

test('an onResponse hook that fails is logged on a line of its own', async () => {
  const { app, log } = await startApp()
  app.addHook('onResponse', async () => {
    throw new Error('release failed')
  })
  app.get('/', async () => '')
  await app.inject('/')
  const id = log.lines[0]?.request_id
  expect(log.lines.find(({ event }) => event === undefined)).toMatchObject({
    level: 'error',
    request_id: id,
    error: { type: 'Error', message: 'release failed' },
    message: 'an onResponse hook failed',
  })
  expect(log.events('completed')).toMatchObject([{ status: 200, level: 'info' }])
})

test.each<[string, (app: FastifyInstance) => void, object]>([
  [
    'a stream that fails after its headers',
    (app) =>
      app.get('/', async (_request, reply) => {
        async function* body(): AsyncGenerator<string> {
          yield 'first'
          throw new Error('half-way')
        }
        return reply.send(Readable.from(body()))
      }),
    { error: { type: 'Error', message: 'half-way' } },
  ],
  [
    'a stream that closes early',
    (app) =>
      app.get('/', async (_request, reply) => {
        const body = new PassThrough()
        body.write('first')
        setImmediate(() => body.destroy())
        return reply.send(body)
      }),
    { error: { message: 'Premature close' } },
  ],
  [
    'a response that its handler destroys',
    (app) =>
      app.get('/', (_request, reply) => {
        reply.hijack()
        reply.raw.write('first', () => reply.raw.destroy(new Error('no more')))
      }),
    { error: { type: 'Error', message: 'no more' } },
  ],
])('%s is broken off, with its error', async (_case, declare, expected) => {
  const { app, log } = await startApp()
  declare(app)
  const port = await listen(app)
  await expect(ask(port, '/')).rejects.toThrow()
  await log.completions(1)
  await app.close()
  expect(log.lines.slice(2)).toMatchObject([
    { event: 'request.completed', status: 200, outcome: 'destroyed', ...expected },
  ])
})

test('a client that leaves during a streamed answer aborts it, without an error', async () => {
  const { app, log } = await startApp()
  app.get('/', async (_request, reply) => {
    const body = new PassThrough()
    body.write('first')
    return reply.send(body)
  })
  const request = http.get({ host: '127.0.0.1', port: await listen(app), path: '/', agent: false })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  await once(response, 'data')
  response.on('error', () => {})
  request.destroy()
  const [completed] = await log.completions(1)
  await app.close()
  expect(completed).toMatchObject({ status: 200, outcome: 'aborted', level: 'info', response_bytes: 5 })
  expect(completed).not.toHaveProperty('error')
  expect(log.lines).toHaveLength(3)
})

test.each([
  ['logger: true', (stream: Capture) => Fastify({ logger: { stream } })],
  ['no logger', () => Fastify()],
])("with %s, Fastify's own request lines never appear", async (_case, create) => {
  const log = new Capture()
  const app = create(log)
  await app.register(waybill, app.log.level === undefined ? { destination: log } : {})
  app.get('/ok', async () => '')
  app.get('/throws', async () => {
    throw new Error('broken')
  })
  app.get('/bad', { schema: { querystring: { type: 'object', required: ['page'] } } }, async () => '')
  const urls = ['/ok', '/throws', '/bad', '/nowhere']
  for (const url of urls) await app.inject(url)
  expect(log.lines.map(({ event }) => event)).toEqual(
    urls.flatMap(() => ['request.started', 'request.completed']),
  )
})
