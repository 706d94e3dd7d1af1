import { hasSubscribers } from 'node:diagnostics_channel'
import { once } from 'node:events'
import http, { type IncomingHttpHeaders } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import Fastify, { type FastifyInstance } from 'fastify'
import { generate } from 'selfsigned'
import * as undici from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waybill as middleware } from '../../src/express.js'
import waybill, { type Options, propagationHeaders } from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { listenFor } from '../support/express.js'
import { ask } from '../support/http.js'
import { nextWarning } from '../support/warnings.js'

/** What is put in the place of something else, or listens, while calls are followed. */
function places() {
  return {
    connect: http2.connect,
    sendHeaders: Reflect.get(http.ClientRequest.prototype, '_implicitHeader') as unknown,
    listens: hasSubscribers('undici:request:create'),
  }
}

const UNTOUCHED = places()

const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 })

/** Answers with the headers that it got. */
function echo(request: http.IncomingMessage, response: http.ServerResponse): void {
  if (request.url?.startsWith('/to/')) {
    response.writeHead(302, { location: decodeURIComponent(request.url.slice(4)) }).end()
    return
  }
  response.end(JSON.stringify(request.headers))
}

const servers = {
  http: http.createServer(echo),
  https: https.createServer({ key, cert }, echo),
  http2: http2.createServer((request, response) => response.end(JSON.stringify(request.headers))),
}
const ports = { http: 0, https: 0, http2: 0 }

servers.http.on('connect', ({ headers }, socket) => {
  socket.write('HTTP/1.1 200 OK\r\n\r\n')
  // Not with the head, which the client would take it for a part of.
  setTimeout(() => socket.end(JSON.stringify(headers)), 20)
})

beforeAll(async () => {
  for (const name of ['http', 'https', 'http2'] as const) {
    await once(servers[name].listen(0, '127.0.0.1'), 'listening')
    ports[name] = (servers[name].address() as AddressInfo).port
  }
})

afterAll(() => {
  for (const server of Object.values(servers)) server.close()
})

type Headers = IncomingHttpHeaders

/** Has every name resolve to this machine. */
const lookup = ((_name: string, options: { all?: boolean }, callback: (...args: unknown[]) => void) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}) as unknown as NonNullable<http.RequestOptions['lookup']>

async function byHttp(request: http.ClientRequest): Promise<Headers> {
  request.end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  return JSON.parse(await text(response)) as Headers
}

function byHost(host: string, headers: Record<string, string> = {}): Promise<Headers> {
  return byHttp(http.request({ host, port: ports.http, lookup, agent: false, headers }))
}

async function byUndici(host: string, path = '/', headers: Record<string, string> = {}): Promise<Headers> {
  const dispatcher = new undici.Agent({ connect: { lookup } })
  const response = await undici.fetch(`http://${host}:${ports.http}${path}`, { dispatcher, headers })
  return (await response.json()) as Headers
}

async function byUndiciTo(host: string, headers: Record<string, string>): Promise<Headers> {
  const dispatcher = new undici.Agent({ connect: { lookup } })
  const { body } = await undici.request(`http://${host}:${ports.http}/`, { dispatcher, headers })
  return (await body.json()) as Headers
}

/** Asks a proxy for a whole URL, as undici does without a tunnel. */
async function byProxy(url: string): Promise<Headers> {
  const dispatcher = new undici.ProxyAgent({ uri: `http://127.0.0.1:${ports.http}`, proxyTunnel: false })
  return (await (await undici.request(url, { dispatcher })).body.json()) as Headers
}

async function byConnect(path: string): Promise<Headers> {
  const request = http.request({ host: '127.0.0.1', port: ports.http, method: 'CONNECT', path })
  request.end()
  const [, socket] = (await once(request, 'connect')) as [unknown, Socket]
  return JSON.parse(await text(socket)) as Headers
}

async function byHttp2(headers: http2.OutgoingHttpHeaders = {}): Promise<Headers> {
  const session = http2.connect(`http://127.0.0.1:${ports.http2}`)
  const answer = await text(session.request({ ':path': '/', ...headers }))
  session.close()
  return JSON.parse(answer) as Headers
}

/** Makes a call while a request with an id is handled, and gives the headers that came along. */
async function within(
  call: () => Promise<Headers | Record<string, string>>,
  options: Options = {},
  headers: Record<string, string> = {},
): Promise<Headers> {
  const app = Fastify()
  await app.register(waybill, { destination: new Capture(), ...options })
  app.get('/', async () => call())
  const answer = await app.inject({ path: '/', headers: { 'x-request-id': 'abc', ...headers } })
  await app.close()
  return answer.json() as Headers
}

describe('a call to an inside host carries the id', () => {
  test.each<[string, () => Promise<Headers>]>([
    ['by fetch', async () => (await fetch(`http://127.0.0.1:${ports.http}/`)).json() as Promise<Headers>],
    ['by the fetch of undici', () => byUndici('orders')],
    [
      'by undici.request',
      async () => (await undici.request(`http://127.0.0.1:${ports.http}/`)).body.json() as Promise<Headers>,
    ],
    ['by http.request', () => byHost('orders.internal')],
    ['by http.get', () => byHttp(http.get(`http://127.0.0.1:${ports.http}/`))],
    [
      'by https.request',
      () => byHttp(https.request({ port: ports.https, host: '127.0.0.1', rejectUnauthorized: false })),
    ],
    ['by HTTP/2', () => byHttp2()],
    ['by HTTP/2, for another inside host', () => byHttp2({ ':authority': 'stock.internal:80' })],
    ['for another inside host', () => byHost('orders', { Host: 'stock.internal' })],
    ['through a proxy to an inside host', () => byProxy('http://orders.internal/')],
    ['by CONNECT to an inside host', () => byConnect('orders:80')],
    [
      'behind a redirect',
      () => byUndici('orders', `/to/${encodeURIComponent(`http://stock:${ports.http}/`)}`),
    ],
  ])('%s', async (_way, call) => {
    expect(await within(call)).toMatchObject({ 'x-request-id': 'abc' })
  })
})

test('outside of any request nothing is added', async () => {
  await within(() => byHost('orders'))
  for (const headers of [await byHost('orders'), await byUndici('orders'), await byHttp2()])
    expect(headers).not.toHaveProperty('x-request-id')
})

describe('a call to an outside host does not carry the id', () => {
  test.each<[string, () => Promise<Headers>]>([
    ['by http.request', () => byHost('api.partner.com')],
    ['by http.request, to what looks inside', () => byHost('127.0.0.1.evil.com')],
    ['by fetch', () => byUndici('api.partner.com')],
    [
      'by http.request, with a user that looks inside',
      () => byHttp(http.request(`http://orders@evil.com:${ports.http}/`, { lookup, agent: false })),
    ],
    [
      'behind a redirect from an inside host',
      () => byUndici('orders', `/to/${encodeURIComponent(`http://evil.com:${ports.http}/`)}`),
    ],
    [
      'through a proxy that is inside',
      () => byHttp(http.request({ host: '127.0.0.1', port: ports.http, path: 'http://evil.com/' })),
    ],
    ['through a proxy of undici that is inside', () => byProxy('http://evil.com/')],
    ['that an inside gateway is to have', () => byHost('orders', { Host: 'evil.com' })],
    ['that an inside gateway is to have, by undici', () => byUndiciTo('orders', { host: 'evil.com' })],
    ['that an inside gateway is to have, by HTTP/2', () => byHttp2({ ':authority': 'evil.com' })],
    ['by CONNECT to a proxy that is inside', () => byConnect('evil.com:443')],
  ])('%s', async (_way, call) => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const headers = await within(call, {}, { traceparent })
    expect(headers).toSatisfy((got: Headers) => got.host !== undefined || got[':authority'] !== undefined)
    expect(headers).not.toHaveProperty('x-request-id')
    expect(headers).not.toHaveProperty('traceparent')
  })
})

test('headers that the caller set stay', async () => {
  const own = { 'X-Request-Id': 'own' }
  expect(await within(() => byHost('orders', own))).toMatchObject({ 'x-request-id': 'own' })
  expect(await within(() => byUndici('orders', '/', own))).toMatchObject({ 'x-request-id': 'own' })
  expect(await within(() => byHttp2(own))).toMatchObject({ 'x-request-id': 'own' })
})

describe('the option propagate', () => {
  const partner = () => byHost('api.partner.com')

  test('false sends nothing along', async () => {
    expect(await within(() => byHost('orders'), { propagate: false })).not.toHaveProperty('x-request-id')
    expect(await within(async () => propagationHeaders(), { propagate: false })).toEqual({})
  })

  test('a list adds hosts to the inside ones', async () => {
    const options = { propagate: ['*.partner.com'] }
    expect(await within(partner, options)).toMatchObject({ 'x-request-id': 'abc' })
    expect(await within(() => byHost('orders'), options)).toMatchObject({ 'x-request-id': 'abc' })
    expect(await within(() => byHost('partner.com'), options)).not.toHaveProperty('x-request-id')
  })

  test('a function decides alone', async () => {
    const asked: string[] = []
    const propagate = (host: string): boolean => {
      asked.push(host)
      return host === 'api.partner.com'
    }
    expect(await within(partner, { propagate })).toMatchObject({ 'x-request-id': 'abc' })
    expect(await within(() => byHost('orders'), { propagate })).not.toHaveProperty('x-request-id')
    expect(asked).toEqual(['api.partner.com', 'orders'])
  })

  test('a function that throws sends nothing along and causes a warning', async () => {
    const warning = nextWarning()
    const propagate = (): boolean => {
      throw new Error('no')
    }
    expect(await within(partner, { propagate })).not.toHaveProperty('x-request-id')
    expect(await warning).toMatchObject({ code: 'WAYBILL_WARN_OPTION_RESULT' })
  })

  test.each([
    [{ propagate: 'all' }, 'TYPE', 'propagate'],
    [{ propagate: ['https://a.com'] }, 'VALUE', 'propagate[0]'],
    [{ propagate: ['A.com'] }, 'VALUE', 'propagate[0]'],
    [{ propagate: true, context: false }, 'UNUSED', 'propagate'],
  ])('%o is refused', (options, kind, option) => {
    expect(() => middleware(options as unknown as Options)).toThrow(
      expect.objectContaining({ code: `WAYBILL_ERR_OPTION_${kind}`, option }),
    )
  })
})

describe('a trace', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  test('goes on with a parent of its own, and with its state', async () => {
    const calls = async () => ({ one: propagationHeaders(), two: propagationHeaders() }) as never
    const { one, two } = (await within(
      calls,
      {},
      { traceparent, tracestate: 'a=1,b=2' },
    )) as unknown as Record<'one' | 'two', Record<string, string>>
    expect(one).toEqual({
      'x-request-id': 'abc',
      traceparent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-(?!0{16})[0-9a-f]{16}-01$/),
      tracestate: 'a=1,b=2',
    })
    expect(one.traceparent).not.toBe(traceparent)
    expect(one.traceparent).not.toBe(two.traceparent)
  })

  test('has no flags that are not known', async () => {
    const headers = await within(
      async () => propagationHeaders(),
      {},
      { traceparent: traceparent.replace(/01$/, 'ff') },
    )
    expect(headers.traceparent).toMatch(/-03$/)
  })

  test('that is not valid is ignored', async () => {
    const headers = await within(
      async () => propagationHeaders(),
      {},
      { traceparent: 'nonsense', tracestate: 'a=1' },
    )
    expect(headers).toEqual({ 'x-request-id': 'abc' })
  })
})

test('a trace that the caller set stays as it is, without the state of another', async () => {
  const trace = {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'a=1',
  }
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
  const calls = [
    () => byHost('orders', { traceparent }),
    () => byUndici('orders', '/', { traceparent }),
    () => byHttp2({ traceparent }),
  ]
  for (const call of calls) {
    const headers = await within(call, {}, trace)
    expect(headers).toMatchObject({ 'x-request-id': 'abc', traceparent })
    expect(headers).not.toHaveProperty('tracestate')
  }
})

describe('what follows calls', () => {
  const open = async (): Promise<FastifyInstance> => {
    const app = Fastify()
    await app.register(waybill, { destination: new Capture() })
    app.get('/', async () => 'ok')
    await app.inject('/')
    return app
  }

  test('is removed when the last app that uses it closes', async () => {
    expect(places()).toEqual(UNTOUCHED)
    const first = await open()
    const second = await open()
    const followed = places()
    expect(followed.connect).not.toBe(UNTOUCHED.connect)
    expect(followed.listens).toBe(true)
    await first.close()
    expect(places()).toEqual(followed)
    await second.close()
    expect(places()).toEqual(UNTOUCHED)
    const third = await open()
    expect(places().connect).not.toBe(UNTOUCHED.connect)
    await third.close()
  })

  test('leaves later patches of others in place', async () => {
    const app = await open()
    const { connect } = http2
    const theirs = (...args: Parameters<typeof connect>) => connect(...args)
    http2.connect = theirs as typeof connect
    await app.close()
    expect(http2.connect).toBe(theirs)
    expect(await byHttp2()).not.toHaveProperty('x-request-id')
    http2.connect = UNTOUCHED.connect
  })
})

test('a service on Express sends it along, under the name of its own header', async () => {
  const requestLog = middleware({ destination: new Capture(), requestId: { header: 'X-Correlation-Id' } })
  const port = await listenFor(
    http.createServer((request, response) => {
      requestLog(request, response, async () => {
        await new Promise(setImmediate)
        response.end(JSON.stringify(await byHost('orders')))
      })
    }),
  )
  const { body } = await ask(port, '/', { headers: { 'X-Correlation-Id': 'abc' } })
  expect(JSON.parse(body)).toMatchObject({ 'x-correlation-id': 'abc' })
})
