import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import express from 'express'
import Fastify from 'fastify'
import { afterEach, expect, test, vi } from 'vitest'
import { MiddlewareRequest } from '../../src/adapters/express-internals.js'
import { FastifyRequests } from '../../src/adapters/fastify-records.js'
import { waybill as middleware } from '../../src/express.js'
import { Tracker } from '../../src/http/exchange.js'
import { waybill as wrapped } from '../../src/http.js'
import waybill from '../../src/index.js'
import { RequestRecord } from '../../src/request/record.js'
import { countFaults } from '../../src/safely.js'
import { Capture } from '../support/capture.js'
import { listenFor } from '../support/express.js'
import { ask, listen } from '../support/http.js'

afterEach(() => void vi.restoreAllMocks())

const DESTINATION = { write: () => {} }

function breakMethod(holder: object, name: string): void {
  vi.spyOn(holder as Record<string, () => void>, name).mockImplementation(() => {
    throw new Error(`${name} is broken`)
  })
}

const STEPS: [string, object][] = [
  ...['receive', 'create', 'open', 'attach', 'start', 'end', 'late', 'of'].map((name): [string, object] => [
    name,
    Tracker.prototype,
  ]),
  ...['useLogger', 'threw'].map((name): [string, object] => [name, RequestRecord.prototype]),
]

test.each([
  ...STEPS,
  ...['acceptId', 'arrived', 'failed'].map((name): [string, object] => [name, FastifyRequests.prototype]),
])('on Fastify, requests are answered when %s throws', async (name, holder) => {
  const app = Fastify()
  await app.register(waybill, { destination: DESTINATION })
  app.get('/', async () => 'whole')
  app.get('/error', async () => {
    throw new Error('of the app')
  })
  const port = await listen(app)
  const before = countFaults()
  breakMethod(holder, name)
  expect(await ask(port, '/')).toMatchObject({ status: 200, body: 'whole' })
  expect(await ask(port, '/error')).toMatchObject({ status: 500 })
  if (name !== 'late') expect(countFaults()).toBeGreaterThan(before)
  vi.restoreAllMocks()
  await app.close()
})

test.each(STEPS)('with the middleware, requests are answered when %s throws', async (name, holder) => {
  const logged = middleware({ destination: DESTINATION })
  const server = http.createServer((request, response) =>
    logged(request, response, () => {
      response.write('wh')
      response.end('ole')
    }),
  )
  logged.attach(server)
  const port = await listenFor(server)
  const before = countFaults()
  breakMethod(holder, name)
  expect(await ask(port, '/')).toMatchObject({ status: 200, body: 'whole' })
  if (!['late', 'threw'].includes(name)) expect(countFaults()).toBeGreaterThan(before)
})

test.each(['start', 'useLogger', 'threw'])(
  'a request has one completion all the same when %s throws',
  async (name) => {
    const log = new Capture()
    const app = Fastify()
    await app.register(waybill, { destination: log, startLevel: false })
    app.get('/', async () => 'whole')
    app.get('/error', async () => {
      throw new Error('of the app')
    })
    const port = await listen(app)
    breakMethod(name === 'start' ? Tracker.prototype : RequestRecord.prototype, name)
    await ask(port, '/')
    await ask(port, '/error')
    expect(await log.completions(2)).toMatchObject([
      { path: '/', status: 200, outcome: 'completed' },
      { path: '/error', status: 500, outcome: 'completed', level: 'error' },
    ])
    vi.restoreAllMocks()
    await app.close()
  },
)

/** A server whose hooks are broken, and what shows that each was reached. */
const HOOKS: [string, object, string, () => http.RequestListener | Promise<http.RequestListener>][] = [
  ['the steps of a router of Express', MiddlewareRequest.prototype, 'enter', () => expressApp()],
  ['waybill.errors()', RequestRecord.prototype, 'threw', () => expressApp()],
  [
    'a listener of waybill/http that throws',
    RequestRecord.prototype,
    'threw',
    () => {
      const listener = wrapped(() => Promise.reject(new Error('of the app')), { destination: DESTINATION })
      return (request, response) => {
        const result = listener(request, response)
        if (result instanceof Promise) result.catch(() => response.writeHead(500).end('of the app'))
      }
    },
  ],
]

function expressApp(): http.RequestListener {
  const app = express()
  app.set('env', 'test')
  app.use(middleware({ destination: DESTINATION }))
  app.get('/', () => {
    throw new Error('of the app')
  })
  app.use(middleware.errors())
  app.use(((error, _request, response, _next) => {
    response.status(500).send(String((error as Error).message))
  }) satisfies express.ErrorRequestHandler)
  return app
}

test.each(HOOKS)(
  '%s: a fault is counted, and the client gets what it gets without',
  async (_hook, holder, name, create) => {
    const port = await listenFor(http.createServer(await create()))
    const before = countFaults()
    breakMethod(holder, name)
    expect(await ask(port, '/')).toMatchObject({ status: 500, body: 'of the app' })
    expect(countFaults()).toBeGreaterThan(before)
  },
)

test('a response without a connection ends normally when noting its end throws', async () => {
  const logged = middleware({ destination: DESTINATION })
  const request = Object.assign(new http.IncomingMessage({} as never), { method: 'GET', url: '/' })
  const response = new http.ServerResponse(request)
  logged(request, response)
  const before = countFaults()
  breakMethod(Tracker.prototype, 'end')
  response.emit('finish')
  await new Promise((resolve) => setImmediate(resolve))
  expect(countFaults()).toBeGreaterThan(before)
})

test('over HTTP/2, a stream that the server resets stays reset when noting its end throws', async () => {
  const logged = middleware({ destination: DESTINATION })
  const server = http2.createServer((request, response) => {
    logged(request, response)
    response.stream.close(http2.constants.NGHTTP2_CANCEL)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  breakMethod(Tracker.prototype, 'end')
  const stream = session.request({ ':path': '/' })
  stream.on('error', () => {})
  await once(stream, 'close')
  expect(stream.rstCode).toBe(http2.constants.NGHTTP2_CANCEL)
  session.close()
  server.close()
})

test('a head is written unchanged when adding the id throws', async () => {
  const logged = middleware({ destination: DESTINATION })
  const server = http.createServer((request, response) => {
    logged(request, response)
    const before = countFaults()
    vi.spyOn(response, 'hasHeader').mockImplementation(() => {
      throw new Error('hasHeader is broken')
    })
    response.writeHead(201, { 'X-A': '1' }).end(String(countFaults() > before))
  })
  const answer = await ask(await listenFor(server), '/')
  expect(answer).toMatchObject({ status: 201, body: 'true', headers: { 'x-a': '1' } })
})
