import websocket from '@fastify/websocket'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import waybill from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { expectTransparent, request, upload, webSocket } from './client.js'

const body = 'x'.repeat(100_000)
const octets = { 'Content-Type': 'application/octet-stream' }
const SET_UPS: [string, Buffer[], number[]][] = [
  ['http-proxy', [request('GET', '/up/a'), request('POST', '/up/b', octets, body)], [200, 200]],
  ['reply-from', [request('GET', '/from/a'), request('POST', '/from/b', octets, body)], [200, 200]],
  ['websocket', [webSocket('/echo'), webSocket('/refused'), webSocket('/unknown')], [101, 403, 404]],
  ['express', ['/ok', '/express', '/fails', '/unknown'].map((p) => request('GET', p)), [200, 200, 500, 404]],
  ['middie', ['/ok', '/middie', '/fails', '/broken'].map((p) => request('GET', p)), [200, 200, 500, 500]],
  [
    'static',
    [
      request('GET', '/client.ts'),
      request('GET', '/client.ts', { 'If-Modified-Since': 'Fri, 01 Jan 2100 00:00:00 GMT' }),
      request('GET', '/client.ts', { Range: 'bytes=3-9' }),
      request('GET', '/unknown'),
    ],
    [200, 304, 206, 404],
  ],
  ['compress', [request('GET', '/', { 'Accept-Encoding': 'gzip' }), request('GET', '/')], [200, 200]],
  ['multipart', [upload('/', body)], [200]],
]

test.concurrent.for(SET_UPS)('@fastify/%s answers as without waybill', ([name, requests, statuses]) =>
  expectTransparent('fastify.mjs', name, requests, statuses),
)

test.concurrent.for(SET_UPS.slice(3, 5))(
  '@fastify/%s before waybill answers the same',
  ([name, requests, statuses]) =>
    expectTransparent('fastify.mjs', `${name}, waybill last`, requests, statuses),
)

test.concurrent('@fastify/http-proxy refuses an upgrade of an unknown path at once', () =>
  expectTransparent('fastify.mjs', 'http-proxy', [webSocket('/unknown')], [404]))

test('app.injectWS() of @fastify/websocket opens a socket, which is logged', async () => {
  const log = new Capture()
  const app = fastify()
  await app.register(waybill, { destination: log })
  await app.register(websocket)
  app.get('/echo', { websocket: true }, (socket) => {
    socket.on('message', (data) => socket.send(`${data}`))
  })
  await app.ready()
  const socket = await app.injectWS('/echo')
  const echoed = new Promise((resolve) => socket.once('message', (data) => resolve(`${data}`)))
  socket.send('hi')
  expect(await echoed).toBe('hi')
  socket.terminate()
  expect(await log.completions(1)).toMatchObject([{ status: 101, outcome: 'upgraded' }])
  await app.close()
}, 5_000)
