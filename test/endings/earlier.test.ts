import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import waybill from '../../src/index.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { ask, listen } from '../support/http.js'
import { finish, startProgram } from '../support/program.js'

test('every pipelined request of a client that leaves is aborted, also those whose answers wait', async () => {
  const { app, log } = await startApp()
  const arrived = new Promise<void>((resolve) => {
    app.get('/3', () => resolve())
  })
  app.get('/1', () => {})
  app.get('/2', async () => 'waits for the first')
  const socket = connect(await listen(app), '127.0.0.1')
  socket.write(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`).join(''))
  await arrived
  socket.destroy()
  await log.completions(3)
  await app.close()
  const endings = log.events('completed').map(({ path, outcome }) => [path, outcome])
  expect(endings.sort()).toEqual([
    ['/1', 'aborted'],
    ['/2', 'aborted'],
    ['/3', 'aborted'],
  ])
})

test('however many requests are sent ahead, their connection has one listener more, and no request is forgotten', async () => {
  const { app, log } = await startApp()
  app.get('/', async () => 'ok')
  let listeners = 0
  app.server.on('connection', (socket) => {
    const before = socket.listenerCount('close')
    app.server.on('request', () => {
      listeners = Math.max(listeners, socket.listenerCount('close') - before)
    })
  })
  const socket = connect(await listen(app), '127.0.0.1')
  const ahead = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
  socket.write(ahead.repeat(40))
  await log.completions(40)
  socket.write(ahead.repeat(40))
  await log.completions(80)
  socket.destroy()
  await app.close()
  expect(listeners).toBeLessThan(8)
  expect(new Set(log.events('completed').map(({ request_id: id }) => id)).size).toBe(80)
})

test('pipelined requests that are answered are completed', async () => {
  const { app, log } = await startApp()
  app.get('/*', async () => 'ok')
  const socket = connect(await listen(app), '127.0.0.1')
  socket.end('GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  expect((await text(socket)).match(/200 OK/g)).toHaveLength(2)
  await log.completions(2)
  await app.close()
  expect(log.events('completed').map(({ path, outcome }) => [path, outcome])).toEqual([
    ['/1', 'completed'],
    ['/2', 'completed'],
  ])
})

test('a handler that Fastify gives up on is a timeout', async () => {
  const { app, log } = await startApp()
  app.get('/', { handlerTimeout: 20 }, async () => new Promise(() => {}))
  const { status } = await ask(await listen(app), '/')
  await log.completions(1)
  await app.close()
  expect(status).toBe(503)
  expect(log.events('completed')).toMatchObject([{ status: 503, outcome: 'timeout', level: 'error' }])
})

test('a connection that the server gives up on is a timeout', async () => {
  const log = new Capture()
  const app = Fastify({ connectionTimeout: 50 })
  await app.register(waybill, { destination: log })
  app.get('/', () => {})
  await expect(ask(await listen(app), '/')).rejects.toThrow('socket hang up')
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ status: 408, outcome: 'timeout', level: 'warn' }])
})

test('a WebSocket is completed when it closes: upgraded, with its whole duration', async () => {
  const log = new Capture()
  const app = Fastify()
  await app.register(waybill, { destination: log })
  await app.register(websocket)
  app.get('/echo', { websocket: true }, (socket) => {
    socket.on('message', (message: Buffer) => socket.send(message.toString()))
  })
  const client = new WebSocket(`ws://127.0.0.1:${await listen(app)}/echo`)
  await once(client, 'open')
  client.send('hello')
  await once(client, 'message')
  expect(log.events('completed')).toEqual([])
  client.close()
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([
    {
      route: '/echo',
      status: 101,
      outcome: 'upgraded',
      level: 'info',
      message: expect.stringMatching(/ upgraded$/),
    },
  ])
})

test('an upgrade that is refused is completed as what it was answered', async () => {
  const log = new Capture()
  const app = Fastify()
  await app.register(waybill, { destination: log })
  await app.register(websocket)
  app.get(
    '/echo',
    { websocket: true, onRequest: async (_request, reply) => reply.code(401).send('no') },
    () => {},
  )
  const client = new WebSocket(`ws://127.0.0.1:${await listen(app)}/echo`)
  client.on('error', () => {})
  await new Promise((resolve) => client.on('close', resolve))
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ status: 401, outcome: 'completed' }])
})

test.each([
  ['process.exit', 'process.exit(3)', 3],
  ['an uncaught exception', 'setImmediate(() => { throw new Error("fatal") })', 1],
  ['an unhandled rejection', 'Promise.reject(new Error("fatal"))', 1],
])('a process that ends by %s has the completion of every open request written', async (_case, end, code) => {
  const run = await finish(
    startProgram(`
      import http from 'node:http'
      import Fastify from 'fastify'
      import waybill from 'waybill'
      const app = Fastify()
      await app.register(waybill)
      app.get('/open', () => {})
      app.get('/half', (_request, reply) => {
        reply.hijack()
        reply.raw.writeHead(200)
        reply.raw.write('half', () => { ${end} })
      })
      const origin = await app.listen({ port: 0, host: '127.0.0.1' })
      http.get(origin + '/open', { headers: { 'x-request-id': 'open' } }).on('error', () => {})
      app.server.once('request', () => http.get(origin + '/half', { headers: { 'x-request-id': 'half' } }).on('error', () => {}))
    `),
  )
  expect(run.code).toBe(code)
  const lines = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const completed = lines.filter(({ event }) => event === 'request.completed')
  expect(completed.map(({ request_id, status, outcome }) => [request_id, status, outcome])).toEqual([
    ['open', undefined, 'unfinished'],
    ['half', 200, 'unfinished'],
  ])
  expect(completed[0]).not.toHaveProperty('status')
  expect(completed[0]?.message).toMatch(/^GET \/open [\d.]+ms unfinished$/)
})
