import { once } from 'node:events'
import http from 'node:http'
import websocket from '@fastify/websocket'
import express from 'express'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type MiddlewareOptions, waybill } from '../../src/express.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { listenFor } from '../support/express.js'
import { ask, listen } from '../support/http.js'

test.each([
  ['X-Correlation-Id', 'x-correlation-id'],
  ['Content-Id', 'x-request-id'],
])('an id that is read from %s is sent back as %s', async (header, answered) => {
  const { app } = await startApp({ requestId: { header } })
  const answer = await app.inject({ url: '/', headers: { [header]: 'my-own' } })
  expect(answer.headers[answered]).toBe('my-own')
})

test('the answer to a WebSocket handshake carries the id', async () => {
  const { app, log } = await startApp()
  await app.register(websocket)
  app.get('/echo', { websocket: true }, (socket) => socket.close())
  const port = await listen(app)
  const client = new WebSocket(`ws://127.0.0.1:${port}/echo`, { headers: { 'x-request-id': 'my-own' } })
  const [upgrade] = (await once(client, 'upgrade')) as [http.IncomingMessage]
  expect(upgrade.headers['x-request-id']).toBe('my-own')
  await log.completions(1)
  await app.close()
})

/** What becomes of the id that a middleware before waybill makes. */
async function idBehind(
  make: (request: http.IncomingMessage) => unknown,
  options: MiddlewareOptions,
): Promise<unknown> {
  const log = new Capture()
  const app = express()
  app.use((request, _response, next) => {
    Object.assign(request, { id: make(request) })
    next()
  })
  app.use(waybill({ destination: log, ...options }))
  app.get('/', (request, response) => void response.send(request.id))
  const port = await listenFor(http.createServer(app))
  const { body, headers } = await ask(port, '/', { headers: { 'x-request-id': 'of-the-client' } })
  const [{ request_id: logged } = {}] = await log.completions(1)
  expect([body, headers['x-request-id']]).toEqual([logged, logged])
  return logged
}

test('keeps a valid id that an earlier middleware set', async () => {
  expect(await idBehind(() => 'made-before', {})).toBe('made-before')
  expect(await idBehind(() => 'made-before', { requestId: { trust: 'never' } })).toBe('made-before')
})

test('replaces an id of an earlier middleware that is invalid or an untrusted copy', async () => {
  expect(await idBehind(() => 'not valid', {})).toBe('of-the-client')
  const copied = idBehind(({ headers }) => headers['x-request-id'], { requestId: { trust: 'never' } })
  expect(await copied).not.toBe('of-the-client')
  const fromAnother = idBehind(({ headers }) => headers['x-request-id'], {
    requestId: { header: 'X-Trace', responseHeader: 'X-Request-Id', trust: 'never' },
  })
  expect(await fromAnother).not.toBe('of-the-client')
})
