import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import waybill from '../../src/index.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { ask, listen } from '../support/http.js'
import { twoLocalhosts } from '../support/localhost.js'

test.each([
  ['a URL that can not be decoded', '/%zz?token=secret', 400, '/%zz', 'FST_ERR_BAD_URL'],
  [
    'a parameter that is too long',
    `/users/${'x'.repeat(200)}`,
    414,
    `/users/${'x'.repeat(200)}`,
    'FST_ERR_MAX_PARAM_LENGTH',
  ],
])(
  '%s is rejected, with a start, a completion and an id on the response',
  async (_case, target, status, path, code) => {
    const { app, log } = await startApp({ include: ['client_ip', 'host'] })
    app.get('/users/:id', async () => '')
    const answer = await ask(await listen(app), target, {
      headers: { 'x-request-id': 'abc', host: 'shop.test' },
    })
    await log.completions(1)
    await app.close()
    expect([answer.status, answer.headers['x-request-id']]).toEqual([status, 'abc'])
    const shared = { request_id: 'abc', method: 'GET', path, client_ip: '127.0.0.1', host: 'shop.test' }
    const timestamp = expect.any(String)
    expect(log.lines.slice(1)).toEqual([
      { timestamp, level: 'info', event: 'request.started', ...shared, message: `GET ${path}` },
      {
        timestamp,
        level: 'warn',
        event: 'request.completed',
        ...shared,
        status,
        duration_ms: expect.any(Number),
        outcome: 'rejected',
        response_bytes: answer.body.length,
        error: expect.objectContaining({ code }),
        message: expect.stringMatching(/ rejected$/),
      },
    ])
  },
)

test('the 503 of a server that is closing is rejected, and Fastify writes no line beside it', async () => {
  const log = new Capture()
  // Fastify 5.10 closes even a connection that is busy, unless it is told to close none.
  const app = Fastify({ logger: { stream: log }, forceCloseConnections: false })
  await app.register(waybill)
  let answerSlow = (): void => {}
  const slowArrived = new Promise<void>((arrived) => {
    app.get('/slow', async () => {
      arrived()
      await new Promise<void>((resolve) => {
        answerSlow = resolve
      })
      return 'slow'
    })
  })
  const socket = connect(await listen(app), '127.0.0.1')
  socket.write('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
  await slowArrived
  const closed = app.close()
  while (app.server.listening) await new Promise(setImmediate)
  const lateArrived = new Promise((resolve) => app.server.once('request', resolve))
  socket.write('GET /late HTTP/1.1\r\nHost: h\r\nX-Request-Id: late\r\n\r\n')
  await lateArrived
  answerSlow()
  const answers = await text(socket)
  await closed
  expect(answers).toMatch(/HTTP\/1.1 503 [\s\S]*X-Request-Id: late/)
  expect(log.events('completed').map(({ path, status, outcome }) => [path, status, outcome])).toEqual([
    ['/slow', 200, 'completed'],
    ['/late', 503, 'rejected'],
  ])
  expect(log.lines.filter(({ event }) => event === undefined).map(({ msg }) => msg)).toEqual([
    expect.stringMatching(/^Server listening/),
  ])
})

test('rejected requests are logged on both servers of localhost', async () => {
  twoLocalhosts()
  const { app, log } = await startApp()
  await app.listen({ port: 0, host: 'localhost' })
  const addresses = app.addresses() as AddressInfo[]
  for (const { address, port } of addresses) await ask(port, '/%zz', { host: address })
  await log.completions(addresses.length)
  await app.close()
  expect(log.events('completed').map(({ outcome }) => outcome)).toEqual(addresses.map(() => 'rejected'))
})

test('an encapsulated registration does not log rejected requests', async () => {
  const log = new Capture()
  const app = Fastify()
  app.get('/outside', async () => '')
  await app.register(async (inner) => {
    await inner.register(waybill, { destination: log })
  })
  const port = await listen(app)
  await ask(port, '/outside')
  await ask(port, '/%zz')
  await app.close()
  expect(log.raw).toEqual([])
})
