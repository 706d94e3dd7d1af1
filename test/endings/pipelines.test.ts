import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { startApp } from '../support/app.js'
import { listen } from '../support/http.js'

test('every pipelined request of a client that leaves is aborted, also those still waiting', async () => {
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

test('pipelined requests share one listener on their connection, and each is completed', async () => {
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

test('a pipelined answer that was never sent has status 499', async () => {
  const { app, log } = await startApp()
  app.get('/hangs', () => {})
  const answered = new Promise<void>((resolve) => {
    app.get('/answered', async () => 'never sent')
    app.addHook('onSend', async () => resolve())
  })
  const socket = connect(await listen(app), '127.0.0.1')
  socket.write(['/hangs', '/answered'].map((path) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`).join(''))
  await answered
  socket.destroy()
  await log.completions(2)
  await app.close()
  for (const completed of log.events('completed')) {
    expect(completed).toMatchObject({ status: 499, outcome: 'aborted', response_bytes: 0 })
  }
})
