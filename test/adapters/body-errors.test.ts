import http from 'node:http'
import { connect } from 'node:net'
import express, { type ErrorRequestHandler } from 'express'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { waybill } from '../../src/express.js'
import plugin, { log as requestLog } from '../../src/index.js'
import { describeError } from '../../src/request/error.js'
import { Capture, type Line } from '../support/capture.js'
import { listenFor, VERSIONS } from '../support/express.js'
import { ask } from '../support/http.js'

/** Bodies that no parser of JSON takes, each with something that no line may hold. */
const BODIES = [
  '{"password":hunter2}',
  'hunter2',
  '"hunter2',
  '["hunter2" is not valid JSON, hunter2]',
  '{"a":"hunter2"}hunter2',
  `{"long":"${'x'.repeat(100)}",hunter2:${'y'.repeat(100)}}`,
  '[\n    at hunter2\n    at hunter2]',
]

const revive = (_key: string, value: unknown): unknown => {
  if (value === 'hunter2') throw new RangeError(`what is ${value}?`)
  return value
}
const verify = (_request: unknown, _response: unknown, body: Buffer): void => {
  JSON.parse(body.toString())
}

/** The errors of the completions, after a few requests, and all that was logged. */
async function failuresOf(
  create: typeof express,
  parser: express.RequestHandler | express.RequestHandler[],
  requests: [body: string, headers?: Record<string, string>][],
): Promise<{ failures: Record<string, string>[]; all: string }> {
  const log = new Capture()
  const app = create().set('env', 'test')
  app.use(waybill({ destination: log, level: 'debug' }), parser)
  app.use(waybill.errors())
  const port = await listenFor(http.createServer(app))
  for (const [body, headers] of requests)
    await ask(
      port,
      '/',
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      body,
    )
  const completions = (await log.completions(requests.length)) as { error: Record<string, string> }[]
  return { failures: completions.map(({ error }) => error), all: log.raw.join('') }
}

test.each(VERSIONS)('with %s, an error of a body parser quotes no body', async (_name, create) => {
  for (const parser of [
    create.json(),
    create.json({ strict: false }),
    create.json({ verify }),
    create.json({ reviver: revive }),
  ]) {
    const { failures, all } = await failuresOf(
      create,
      parser,
      BODIES.map((body) => [body]),
    )
    expect(all).not.toMatch(/hunter|"password/)
    for (const failure of failures) {
      expect(failure).toEqual({
        type: 'SyntaxError',
        code: expect.stringMatching(/^entity\.(?:parse|verify)\.failed$/),
        message: expect.stringContaining('JSON'),
      })
    }
  }
  const { failures } = await failuresOf(create, create.json({ reviver: revive }), [
    ['{"a":"hunter2"}'],
    ['{"a":'],
  ])
  expect(failures).toEqual([
    { type: 'RangeError', code: 'entity.parse.failed', message: 'the body could not be parsed' },
    {
      type: 'SyntaxError',
      code: 'entity.parse.failed',
      message: expect.stringMatching(/^Unexpected end of JSON input$/),
    },
  ])
})

test.each(VERSIONS)(
  'with %s, other errors of body parsers have their codes, and quote no header',
  async (_name, create) => {
    const parser = create.json({ limit: 10, inflate: false })
    const text = create.text({ type: '*/*' })
    const { failures, all } = await failuresOf(
      create,
      [parser, text],
      [
        ['{"a":"12345678"}'],
        ['{}', { 'content-encoding': 'hunter2' }],
        ['{}', { 'content-type': 'application/json; charset=hunter2' }],
        ['{}', { 'content-type': 'text/plain; charset=hunter2' }],
        ['{}', { 'content-type': 'text/plain', 'content-encoding': 'hunter2' }],
      ],
    )
    expect(all).not.toMatch(/hunter/i)
    expect(failures.map(({ code, message }) => [code, message])).toEqual([
      ['entity.too.large', 'request entity too large'],
      ['encoding.unsupported', 'content encoding unsupported'],
      ['charset.unsupported', 'unsupported charset'],
      ['charset.unsupported', 'unsupported charset'],
      ['encoding.unsupported', 'unsupported content encoding'],
    ])
  },
)

test('a body that a handler could not parse is quoted in no message and no stack', async () => {
  const log = new Capture()
  const app = Fastify()
  await app.register(plugin, { destination: log })
  app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  const parse = (body: unknown): unknown => JSON.parse(String(body))
  const wrapped = (body: unknown, wrap: (error: Error) => unknown): unknown => {
    try {
      return parse(body)
    } catch (error) {
      throw wrap(error as Error)
    }
  }
  app.post('/json', async () => '')
  app.post('/thrown', async ({ body }) => parse(body))
  app.post('/cause', async ({ body }) => wrapped(body, (cause) => new Error('no order', { cause })))
  app.post('/quoted', async ({ body }) => wrapped(body, ({ message }) => new Error(`no order: ${message}`)))
  app.post('/renamed', async ({ body }) =>
    wrapped(body, (error) => Object.assign(error, { message: 'no order' })),
  )
  app.post('/parts', async ({ body }) => wrapped(body, (error) => new AggregateError([error, error.message])))
  app.post('/text', async ({ body }) => wrapped(body, ({ message }) => message))
  app.post('/added', async (request) => {
    wrapped(request.body, (error) => {
      request.waybill.add({ error_of_parser: error })
      return error
    })
  })
  const paths = ['/json', '/thrown', '/cause', '/quoted', '/renamed', '/parts', '/text', '/added']
  for (const url of paths) {
    for (const payload of BODIES) {
      const headers = { 'content-type': url === '/json' ? 'application/json' : 'text/plain' }
      await app.inject({ method: 'POST', url, payload, headers })
    }
  }
  await app.close()
  const completions = log.events('completed') as (Line & { error: Record<string, string> })[]
  expect(completions).toHaveLength(paths.length * BODIES.length)
  expect(log.raw.join('')).not.toMatch(/hunter|"password/)
  const firstOf = (path: string) => completions.find((line) => line.path === path)?.error
  expect(firstOf('/json')).toMatchObject({ code: 'FST_ERR_CTP_INVALID_JSON_BODY' })
  expect(firstOf('/thrown')).toMatchObject({ type: 'SyntaxError', message: 'Unexpected token in JSON' })
  expect(firstOf('/thrown')?.stack).toMatch(/^SyntaxError: Unexpected token in JSON\n {4}at /)
  expect(firstOf('/quoted')?.message).toBe('no order: Unexpected token in JSON')
  expect(firstOf('/cause')?.stack).toContain('\ncaused by: SyntaxError: Unexpected token in JSON\n')
})

test('an error that is not about JSON keeps its words about an unexpected token', () => {
  const message = "Unexpected token 'export'"
  expect(describeError(new SyntaxError(message), false).message).toBe(message)
})

test('the error of a refused connection to two addresses names both', async () => {
  const closed = http.createServer()
  const port = await listenFor(closed)
  await new Promise((resolve) => closed.close(resolve))
  const log = new Capture()
  const app = Fastify()
  await app.register(plugin, { destination: log })
  app.get('/', (_request, reply) => {
    const socket = connect({
      port,
      host: 'two.test',
      autoSelectFamily: true,
      lookup: (_host, _options, done) =>
        done(null, [
          { address: '127.0.0.1', family: 4 },
          { address: '127.0.0.2', family: 4 },
        ]),
    })
    socket.on('error', (error) => reply.send(error))
  })
  await app.inject('/')
  await app.close()
  const [{ error } = {}] = log.events('completed') as { error?: Record<string, string> }[]
  const message = ['127.0.0.1', '127.0.0.2'].map((address) => `connect ECONNREFUSED ${address}:${port}`)
  expect(error).toMatchObject({ type: 'AggregateError', code: 'ECONNREFUSED', message: message.join('; ') })
  expect(error?.stack?.split('\n').filter((line) => !line.startsWith('    at '))).toEqual([
    expect.stringContaining('AggregateError'),
    `caused by 1 of 2: Error: ${message[0]}`,
    `caused by 2 of 2: Error: ${message[1]}`,
  ])
})

test('a log line of an error of body-parser does not show the body', async () => {
  const log = new Capture()
  const app = express()
  app.set('env', 'test')
  app.use(waybill({ destination: log, format: 'json' }))
  app.use(express.json())
  const refuse: ErrorRequestHandler = (error, _request, response, _next) => {
    requestLog.warn({ err: error }, 'refused')
    response.status(400).end()
  }
  app.use(refuse)
  const port = await listenFor(http.createServer(app))
  await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    body: '{"password":hunter2}',
    headers: { 'content-type': 'application/json' },
  })
  await log.completions(1)
  expect(log.lines.map(({ message }) => message)).toContain('refused')
  expect(log.raw.join('')).not.toContain('hunter2')
})
