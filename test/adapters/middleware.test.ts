import http from 'node:http'
import connect from 'connect'
import express from 'express'
import { pino } from 'pino'
import polka from 'polka'
import { describe, expect, test } from 'vitest'
import { type Middleware, type MiddlewareOptions, type RequestLog, waybill } from '../../src/express.js'
import { Capture } from '../support/capture.js'
import { open } from '../support/connection.js'
import { listenFor, serveExpress } from '../support/express.js'
import { ask } from '../support/http.js'
import { nextWarning } from '../support/warnings.js'

/** A server whose listener calls the middleware, which may be attached to it. */
async function serveNode(
  listener: http.RequestListener,
  { attach = false, options = {} }: { attach?: boolean; options?: MiddlewareOptions } = {},
): Promise<{ log: Capture; port: number; server: http.Server }> {
  const log = new Capture()
  const requestLog = waybill({ destination: log, ...options })
  const server = http.createServer((request, response) => {
    requestLog(request, response)
    listener(request, response)
  })
  if (attach) requestLog.attach(server)
  return { log, port: await listenFor(server), server }
}

const answer: http.RequestListener = (_request, response) => void response.end('ok')

/** What Node.js answers, or hands to others, before a listener for requests has it. */
const BEFORE_THE_APP: [string, string[], Record<string, unknown>][] = [
  ['what is no HTTP', ['hello there', ''], { status: 400, outcome: 'rejected' }],
  ['a request without Host', ['GET / HTTP/1.1', ''], { status: 400, outcome: 'rejected', path: '/' }],
  ['CONNECT', ['CONNECT db:5432 HTTP/1.1', 'Host: db', ''], { outcome: 'rejected', method: 'CONNECT' }],
  ['an Expect', ['GET /e HTTP/1.1', 'Host: h', 'Expect: wonders', 'Connection: close', ''], { status: 417 }],
]

describe.each(BEFORE_THE_APP)('%s', (_case, lines, completion) => {
  test('is logged by a middleware that is attached to the server', async () => {
    const { log, port } = await serveNode(answer, { attach: true })
    const client = await open(port)
    client.send(...lines)
    await client.closed()
    expect(await log.completions(1)).toMatchObject([completion])
    expect(log.events('started')).toHaveLength(1)
  })

  test('is answered as it is without waybill', async () => {
    const answers = await Promise.all(
      [{ attach: false }, { attach: true }].map(async (options) => {
        const { port } = await serveNode(answer, options)
        const client = await open(port)
        client.send(...lines)
        return (await client.closed()).replace(/^(?:Date|X-Request-Id): .*\r\n/gim, '')
      }),
    )
    expect(answers[0]).toBe(answers[1])
  })
})

test('an upgrade is logged by a middleware that is attached to the server', async () => {
  const { log, port, server } = await serveNode(answer, { attach: true })
  server.on('upgrade', (_request, connection) => {
    connection.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
  })
  const client = await open(port)
  client.send('GET /socket HTTP/1.1', 'Host: h', 'Connection: Upgrade', 'Upgrade: x', '')
  await client.closed()
  client.leaveByFin()
  expect(await log.completions(1)).toMatchObject([{ path: '/socket', status: 101, outcome: 'upgraded' }])
})

test('a request that a closing server breaks off is unfinished if the middleware is attached', async () => {
  const outcomes = []
  for (const attach of [true, false]) {
    const { log, port, server } = await serveNode(() => {}, { attach })
    const client = await open(port)
    client.send('GET / HTTP/1.1', 'Host: h', '')
    await log.starts(1)
    server.close()
    server.closeAllConnections()
    outcomes.push(...(await log.completions(1)).map(({ outcome }) => outcome))
  }
  expect(outcomes).toEqual(['unfinished', 'destroyed'])
})

test('a middleware that is attached twice logs once', async () => {
  const log = new Capture()
  const requestLog = waybill({ destination: log })
  const server = http.createServer(answer)
  expect(requestLog.attach(server).attach(server)).toBe(requestLog)
  const port = await listenFor(server)
  await ask(port, '/only/attached')
  await ask(port, '/again')
  expect(await log.completions(2)).toMatchObject([{ path: '/only/attached' }, { path: '/again' }])
  expect(log.lines).toHaveLength(4)
})

test('a request that another server emits on the attached one is logged', async () => {
  const log = new Capture()
  const back = http.createServer(answer)
  waybill({ destination: log }).attach(back)
  const front = http.createServer((request, response) => back.emit('request', request, response))
  const { headers } = await fetch(`http://127.0.0.1:${await listenFor(front)}/shared`)
  const [completion] = await log.completions(1)
  expect(completion).toMatchObject({ path: '/shared', status: 200, request_id: headers.get('x-request-id') })
})

test.each([[undefined], [{}], [express()], ['server']])('attach refuses what is no server: %o', (value) => {
  expect(() => waybill().attach(value as unknown as http.Server)).toThrow(
    expect.objectContaining({
      name: 'WaybillError',
      code: 'WAYBILL_ERR_SERVER',
      message: expect.stringMatching(
        /^waybill: attach\(\) expects a server of node:http, node:https or node:http2, got /,
      ),
    }),
  )
})

test('using the factory instead of its middleware is a clear error', () => {
  const request = new http.IncomingMessage(null as never)
  expect(() => waybill(request as unknown as MiddlewareOptions)).toThrow(
    expect.objectContaining({
      code: 'WAYBILL_ERR_OPTION_TYPE',
      message:
        'waybill: options must be an object, got a request: write app.use(waybill()), with parentheses',
    }),
  )
})

test('a second middleware does nothing and warns once', async () => {
  const other = new Capture()
  const { log, get } = await serveExpress(express, (app) => {
    app.use(waybill({ destination: other }))
    app.get('/', (request, response) => void response.send(request.id))
  })
  const warning = nextWarning()
  const { body, headers } = await get('/', { 'X-Request-Id': 'abc' })
  expect(await warning).toMatchObject({ code: 'WAYBILL_WARN_REGISTERED_TWICE' })
  expect([body, headers['x-request-id']]).toEqual(['abc', 'abc'])
  expect(await log.completions(1)).toHaveLength(1)
  expect(other.raw).toEqual([])
})

test('one middleware may be used in several places', async () => {
  const log = new Capture()
  const requestLog = waybill({ destination: log })
  const app = express().use(requestLog, requestLog)
  app.get('/', requestLog, (_request, response) => void response.send('ok'))
  await ask(await listenFor(http.createServer(app)), '/')
  expect(await log.completions(1)).toMatchObject([{ route: '/' }])
  expect(log.lines).toHaveLength(2)
})

test('a request that reaches the middleware after its client has left is aborted', async () => {
  const log = new Capture()
  const requestLog = waybill({ destination: log })
  const server = http.createServer((request, response) => {
    response.once('close', () => setImmediate(() => requestLog(request, response)))
  })
  const port = await listenFor(server)
  const client = await open(port)
  client.send('GET /left HTTP/1.1', 'Host: h', '')
  await new Promise((resolve) => server.once('request', resolve))
  client.leaveByRst()
  expect(await log.completions(1)).toMatchObject([{ path: '/left', status: 499, outcome: 'aborted' }])
})

test('a request answered before it reaches the middleware is completed', async () => {
  const log = new Capture()
  const requestLog = waybill({ destination: log })
  const server = http.createServer((request, response) => {
    response.end('ok')
    response.once('finish', () => requestLog(request, response))
  })
  await ask(await listenFor(server), '/early')
  expect(await log.completions(1)).toMatchObject([{ path: '/early', status: 200, outcome: 'completed' }])
})

test('errors are passed on as they are, also those of requests that have no log', () => {
  const error = new Error('passed on')
  const passed: unknown[] = []
  const request = new http.IncomingMessage(null as never)
  waybill.errors()(error, request, new http.ServerResponse(request), (each) => passed.push(each))
  expect(passed).toEqual([error])
})

test.each([
  ['Connect', (requestLog: Middleware) => connect().use(requestLog).use(answer)],
  ['Polka', (requestLog: Middleware) => polka().use(requestLog).get('/users/:id', answer).handler],
])('%s takes the middleware', async (_name, appWith) => {
  const log = new Capture()
  const app = appWith(waybill({ destination: log }))
  await ask(await listenFor(http.createServer(app as http.RequestListener)), '/users/7?a=b')
  expect(await log.completions(1)).toMatchObject([{ path: '/users/7', status: 200, outcome: 'completed' }])
})

describe('with a logger of the app', () => {
  test('events go through it, and req.log is a child of it', async () => {
    const log = new Capture()
    const logger = pino({ base: { app: 'shop' }, redact: ['user.email'] }, log)
    const { get } = await serveExpress(
      express,
      (app) => {
        app.get('/', (request, response) => {
          request.log.info({ user: { email: 'a@b.test' } }, 'hello')
          response.send('ok')
        })
      },
      { destination: undefined, logger },
    )
    await get('/', { 'X-Request-Id': 'abc' })
    await log.completions(1)
    const envelope = { level: 30, time: expect.any(Number), app: 'shop', request_id: 'abc' }
    expect(log.lines).toMatchObject([
      { ...envelope, event: 'request.started', msg: 'GET /' },
      { ...envelope, user: { email: '[Redacted]' }, msg: 'hello' },
      { ...envelope, event: 'request.completed', route: '/', status: 200 },
    ])
    expect(log.raw.every((line) => line.split('"request_id"').length === 2)).toBe(true)
  })

  test.each([
    ['a text', { logger: 'pino' }, 'WAYBILL_ERR_OPTION_TYPE', 'logger'],
    ['an object with info() only', { logger: { info: () => {} } }, 'WAYBILL_ERR_OPTION_VALUE', 'logger'],
    ['console', { logger: console }, 'WAYBILL_ERR_OPTION_VALUE', 'logger'],
    [
      'a logger beside a level',
      { logger: pino({ level: 'silent' }), level: 'info' },
      'WAYBILL_ERR_OPTION_UNUSED',
      'level',
    ],
  ])('%s is refused', (_case, options, code, option) => {
    expect(() => waybill(options as unknown as MiddlewareOptions)).toThrow(
      expect.objectContaining({ name: 'WaybillError', code, option }),
    )
  })
})

test('a logger that a handler assigns to req.log decides the level', async () => {
  const { log, get } = await serveExpress(express, (app) => {
    app.get('/', (request, response) => {
      request.log = request.log.child({}, { level: 'silent' }) as RequestLog['log']
      response.send('ok')
    })
    app.get('/loud', (_request, response) => void response.send('ok'))
  })
  await get('/')
  await get('/loud')
  expect(await log.completions(1)).toMatchObject([{ path: '/loud' }])
})
