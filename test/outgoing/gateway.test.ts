import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import * as undici from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waybill as middleware } from '../../src/express.js'
import waybill, { type Options } from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { listenFor } from '../support/express.js'

const servers = {
  http: http.createServer((request, response) => response.end(JSON.stringify(request.rawHeaders))),
  http2: http2.createServer((request, response) => response.end(JSON.stringify(request.rawHeaders))),
}
const port = { http: 0, http2: 0 }

beforeAll(async () => {
  for (const name of ['http', 'http2'] as const) {
    await once(servers[name].listen(0, '127.0.0.1'), 'listening')
    port[name] = (servers[name].address() as AddressInfo).port
  }
})

afterAll(() => {
  for (const server of Object.values(servers)) server.close()
  servers.http.closeAllConnections()
})

/** The headers that a gateway passes on. */
type Copied = Record<string, string | string[]>
type Forward = (headers: Copied) => Promise<string>

async function read(request: http.ClientRequest): Promise<string> {
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return text(response)
}

const target = () => `http://127.0.0.1:${port.http}/`

const CLIENTS: Record<string, Forward> = {
  fetch: async (headers) => (await fetch(target(), { headers: headers as Record<string, string> })).text(),
  'undici.request': async (headers) => (await undici.request(target(), { headers })).body.text(),
  'undici.request with a list of headers': async (headers) =>
    (await undici.request(target(), { headers: Object.entries(headers).flat() as string[] })).body.text(),
  'http.request': (headers) => read(http.request(target(), { headers })),
  'http.request whose headers are set one by one': (headers) => {
    const request = http.request(target())
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value)
    return read(request)
  },
  http2: async (headers) => {
    const session = http2.connect(`http://127.0.0.1:${port.http2}`)
    return text(session.request({ ':path': '/', ...headers })).finally(() => session.close())
  },
}

/** The ids that the service behind a gateway gets. */
function idsOf(rawHeaders: string): string[] {
  const headers = JSON.parse(rawHeaders) as string[]
  return headers.filter((_value, index) => headers[index - 1]?.toLowerCase() === 'x-request-id')
}

/** Sends a request with an id to a gateway, and tells what id it had itself and which ones it sent on. */
async function pass(
  forward: Forward,
  id: string,
  options: Options = {},
  copy: (headers: IncomingHttpHeaders) => Copied = ({ 'x-request-id': got = '' }) => ({
    'x-request-id': got,
  }),
): Promise<{ own: string; sent: string[] }> {
  const app = Fastify()
  await app.register(waybill, { destination: new Capture(), ...options })
  app.get('/', async ({ headers, id: own }) => ({ own, sent: idsOf(await forward(copy(headers))) }))
  const answer = await app.inject({ path: '/', headers: { 'x-request-id': id } })
  await app.close()
  return answer.json()
}

describe.each(Object.entries(CLIENTS))('a gateway that copies headers by %s', (_name, forward) => {
  test('sends its own id on, not the one that it refused', async () => {
    const { own, sent } = await pass(forward, 'no id')
    expect(own).not.toBe('no id')
    expect(sent).toEqual([own])
  })

  test('sends its own id on, not one that it did not trust', async () => {
    const { own, sent } = await pass(forward, 'abc', { requestId: { trust: 'never' } })
    expect(own).not.toBe('abc')
    expect(sent).toEqual([own])
  })

  test('sends its own id on under whichever case the copy has', async () => {
    const { own, sent } = await pass(forward, 'no id', {}, ({ 'x-request-id': id = '' }) => ({
      'X-Request-ID': id,
      'x-other': 'kept',
    }))
    expect(sent).toEqual([own])
  })

  test('sends on the id that it accepted', async () => {
    expect(await pass(forward, 'abc')).toEqual({ own: 'abc', sent: ['abc'] })
  })

  test('sends on the header that it set itself', async () => {
    const { sent } = await pass(forward, 'no id', {}, () => ({ 'x-request-id': 'set by the caller' }))
    expect(sent).toEqual(['set by the caller'])
  })
})

test('a gateway on node:http sends its own id on when an id came twice', async () => {
  const requestLog = middleware({ destination: new Capture() })
  for (const forward of Object.values(CLIENTS).slice(1)) {
    for (const copy of ['joined', 'apart']) {
      const listening = await listenFor(
        http.createServer((request, response) => {
          requestLog(request, response, async () => {
            const { headers, headersDistinct } = request
            const id = copy === 'joined' ? headers['x-request-id'] : headersDistinct['x-request-id']
            response.end(await forward({ 'x-request-id': id ?? '' }))
          })
        }),
      )
      const request = http.get(`http://127.0.0.1:${listening}/`, { headers: { 'x-request-id': ['a', 'b'] } })
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      const own = response.headers['x-request-id']
      expect(own).toMatch(/^[0-9a-f-]{36}$/)
      expect(idsOf(await text(response)), copy).toEqual([own])
    }
  }
})

test('a gateway that copies headers with undici 5 sends its own id on', async () => {
  const { own, sent } = await pass(async ({ 'x-request-id': id }) => {
    const request = {
      origin: target(),
      path: '/',
      headers: `x-first: 1\r\nX-Request-Id: ${id}\r\nx-last: 2\r\n`,
      addHeader: (name: string, value: string) => {
        request.headers += `${name}: ${value}\r\n`
      },
    }
    channel('undici:request:create').publish({ request })
    return JSON.stringify(request.headers.trim().split(/: |\r\n/))
  }, 'no id')
  expect(sent).toEqual([own])
})

test('a copied id goes on as it is to an outside host', async () => {
  const { sent } = await pass(CLIENTS['http.request'] as Forward, 'no id', { propagate: () => false })
  expect(sent).toEqual(['no id'])
})
