import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Logger } from 'pino'
import { expect, expectTypeOf, onTestFinished, test } from 'vitest'
import waybillByDefault, { currentRequest, requestId, waybill } from '../../src/http.js'
import type { MiddlewareOptions } from '../../src/options.js'
import { Capture } from '../support/capture.js'
import { listenFor } from '../support/express.js'
import { ask } from '../support/http.js'

function logged(more: MiddlewareOptions = {}): { log: Capture; options: MiddlewareOptions } {
  const log = new Capture()
  return { log, options: { destination: log, ...more } }
}

test('is also the default export', () => {
  expect(waybillByDefault).toBe(waybill)
})

test('a listener has an id, a logger and a record, and its types say so', async () => {
  const { log, options } = logged()
  const server = http.createServer(
    waybill((request, response) => {
      expectTypeOf(request.log).toEqualTypeOf<Logger>()
      expectTypeOf(request).toExtend<IncomingMessage>()
      expectTypeOf(response).toExtend<ServerResponse>()
      request.log.info({ user: 42 }, 'looking up user')
      request.waybill.add({ cache: 'hit' })
      response.end(`${request.id} ${requestId()} ${currentRequest() === request.waybill}`)
    }, options),
  )
  const port = await listenFor(server)
  const { body, headers } = await ask(port, '/users/42?token=x')
  const id = String(headers['x-request-id'])
  expect(body).toBe(`${id} ${id} true`)
  await log.completions(1)
  expect(log.lines).toMatchObject([
    { event: 'request.started', request_id: id, method: 'GET', path: '/users/42' },
    { request_id: id, user: 42, message: 'looking up user' },
    { event: 'request.completed', request_id: id, status: 200, outcome: 'completed', cache: 'hit' },
  ])
})

test('over HTTP/2, a listener has requests of HTTP/2', async () => {
  const { log, options } = logged()
  const server = http2.createServer(
    waybill<http2.Http2ServerRequest, http2.Http2ServerResponse>((request, response) => {
      request.log.info('over HTTP/2')
      response.end(request.authority)
    }, options),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const session = http2.connect(`http://127.0.0.1:${port}`)
  onTestFinished(() => {
    session.close()
    server.close()
  })
  expect(await text(session.request({ ':path': '/' }))).toBe(`127.0.0.1:${port}`)
  expect(await log.completions(1)).toMatchObject([{ status: 200, outcome: 'completed' }])
})

test('a listener fits any server in types and at run time, of HTTP/2 too', () => {
  const listener = waybill((request, response) => {
    request.log.info('hello')
    response.end()
  }, logged().options)
  for (const server of [
    http2.createServer(listener),
    http2.createServer({}, listener),
    http2.createServer(
      {},
      waybill((_request, response) => response.end(), logged().options),
    ),
    http.createServer({}, listener),
  ]) {
    expect(server.listenerCount('request')).toBe(1)
    server.close()
  }
})

test('a rejection of an async listener is handled as without waybill', async () => {
  const { log, options } = logged()
  const seen: unknown[] = []
  const server = http.createServer()
  const listener = waybill(() => Promise.reject(new TypeError('rejected')), options)
  server.on('request', (request, response) => {
    const result = listener(request, response)
    if (result instanceof Promise) result.catch((error) => seen.push(error) && response.writeHead(500).end())
  })
  const port = await listenFor(server)
  expect((await ask(port, '/')).status).toBe(500)
  expect(seen).toEqual([new TypeError('rejected')])
  expect(await log.completions(1)).toMatchObject([{ status: 500, error: { type: 'TypeError' } }])
})

test('attached to its server, it logs requests that never reach the listener', async () => {
  const { log, options } = logged()
  const listener = waybill((_request, response) => {
    response.end('hello')
  }, options)
  const server = http.createServer(listener)
  expect(listener.attach(server)).toBe(listener)
  const port = await listenFor(server)
  const socket = net.connect(port, '127.0.0.1')
  socket.write('no HTTP\r\n\r\n')
  await text(socket)
  await ask(port, '/')
  expect(await log.completions(2)).toMatchObject([
    { outcome: 'rejected', status: 400 },
    { outcome: 'completed', status: 200 },
  ])
})

test('an error that a listener throws is on the completion, and thrown on as without waybill', async () => {
  const { log, options } = logged()
  const fail = async (response: ServerResponse): Promise<void> => {
    await Promise.resolve()
    response.writeHead(500).end()
    throw new TypeError('rejected')
  }
  const listener = waybill((request, response) => {
    if (request.url === '/rejects') return fail(response)
    response.writeHead(500).end()
    throw new RangeError('thrown')
  }, options)
  const seen: unknown[] = []
  const server = http.createServer((request, response) => {
    try {
      listener(request, response)
    } catch (error) {
      seen.push(error)
    }
  })
  const port = await listenFor(server)
  const note = (error: unknown): void => void seen.push(error)
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', note)
  onTestFinished(() => {
    process.off('unhandledRejection', note)
    for (const each of others) process.on('unhandledRejection', each)
  })
  await ask(port, '/throws')
  await ask(port, '/rejects')
  expect(await log.completions(2)).toMatchObject([
    { path: '/throws', status: 500, error: { type: 'RangeError', message: 'thrown' } },
    { path: '/rejects', status: 500, error: { type: 'TypeError', message: 'rejected' } },
  ])
  expect(seen).toEqual([new RangeError('thrown'), new TypeError('rejected')])
})

test.each([undefined, {}, 'listener'])('refuses %s as a listener', (listener) => {
  expect(() => waybill(listener as never)).toThrow(
    expect.objectContaining({
      code: 'WAYBILL_ERR_ENTRY',
      message: expect.stringContaining('listener must be'),
    }),
  )
})
