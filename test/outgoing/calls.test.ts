import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import { generate } from 'selfsigned'
import * as undici from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { waybill as middleware } from '../../src/express.js'
import waybill, { type Options } from '../../src/index.js'
import { Calls } from '../../src/request/calls.js'
import { Capture } from '../support/capture.js'
import { listenFor } from '../support/express.js'
import { ask } from '../support/http.js'

const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 })

/** Answers with the status that is asked for, half an answer, or none. */
function answer({ url }: Pick<IncomingMessage, 'url'>, response: ServerResponse): void {
  if (url === '/never') return
  if (url === '/gone') response.destroy()
  else if (url === '/half') {
    response.writeHead(200, { 'content-length': 10 }).write('half')
    // To a client of HTTP/2, one that is destroyed without an error looks whole.
    setTimeout(() => response.destroy(new Error('broken')), 10)
  } else response.writeHead(Number(url?.slice(1))).end('answer')
}

const servers = {
  http: http.createServer(answer),
  https: https.createServer({ key, cert }, answer),
  http2: http2.createServer((request, response) => answer(request, response as unknown as ServerResponse)),
}
const port = { http: 0, https: 0, http2: 0 }

beforeAll(async () => {
  new WebSocketServer({ server: servers.http }).on('connection', (socket) => socket.close())
  for (const name of ['http', 'https', 'http2'] as const) {
    await once(servers[name].listen(0, '127.0.0.1'), 'listening')
    port[name] = (servers[name].address() as AddressInfo).port
  }
})

afterAll(() => {
  for (const server of Object.values(servers)) server.close()
  servers.http.closeAllConnections()
})

type Ask = (path: string) => Promise<unknown>

async function read(request: http.ClientRequest): Promise<unknown> {
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return text(response)
}

const CLIENTS: Record<string, Ask> = {
  fetch: async (path) => (await fetch(`http://127.0.0.1:${port.http}${path}`)).text(),
  undici: async (path) => (await undici.request(`http://127.0.0.1:${port.http}${path}`)).body.text(),
  'http.request': (path) => read(http.request({ host: '127.0.0.1', port: port.http, path })),
  'http.request that keeps its connection': async (path) => {
    const agent = new http.Agent({ keepAlive: true })
    return read(http.request({ host: '127.0.0.1', port: port.http, path, agent })).finally(() =>
      agent.destroy(),
    )
  },
  'http.request with a list of headers': (path) =>
    read(http.request({ host: '127.0.0.1', port: port.http, path, headers: ['Host', 'h'] as never })),
  'https.request': (path) =>
    read(https.request({ host: '127.0.0.1', port: port.https, path, rejectUnauthorized: false })),
  http2: async (path) => {
    const session = http2.connect(`http://127.0.0.1:${port.http2}`)
    try {
      return await text(session.request({ ':path': path }))
    } finally {
      session.close()
    }
  },
  'http2 with a list of headers': async (path) => {
    const session = http2.connect(`http://127.0.0.1:${port.http2}`)
    const stream = session.request([
      ':path',
      path,
      ':method',
      'GET',
      ':scheme',
      'http',
      ':authority',
      'h',
    ] as never)
    return text(stream).finally(() => session.close())
  },
}

/** What the completion of a request says of the calls that were made for it. */
async function costOf(call: () => Promise<unknown>, options: Options = {}): Promise<unknown> {
  const log = new Capture()
  const app = Fastify()
  await app.register(waybill, { destination: log, ...options })
  app.get('/', async () => {
    await call().catch(() => {})
    // An answer is over a little after its last byte.
    await new Promise(setImmediate)
    return ''
  })
  await app.inject('/')
  await app.close()
  const [completion] = await log.completions(1)
  const { calls, duration_ms: duration } = completion ?? {}
  if (calls === undefined) return undefined
  const { total_ms: total, ...counts } = calls as Record<string, number>
  expect(total).toBeGreaterThan(0)
  expect(total).toBeLessThanOrEqual(Number(duration))
  return counts
}

const GOOD = { count: 1, failed: 0 }
const FAILED = { count: 1, failed: 1 }

// Lists of headers came to node:http2 with Node.js 24.
const known = Object.entries(CLIENTS).filter(
  ([name]) => name !== 'http2 with a list of headers' || Number(process.versions.node.split('.')[0]) >= 24,
)

describe.each(known)('a call by %s', (_name, call) => {
  test.each([
    ['/200', GOOD],
    ['/404', GOOD],
    ['/500', FAILED],
    ['/503', FAILED],
    ['/gone', FAILED],
    ['/half', FAILED],
  ])('to %s', async (path, expected) => {
    expect(await costOf(() => call(path))).toEqual(expected)
  })
})

describe('a call counts', () => {
  test('as failed when it finds nobody', async () => {
    const server = http.createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    server.close()
    await once(server, 'close')
    for (const call of [() => fetch(url), () => read(http.get(url))])
      expect(await costOf(call)).toEqual(FAILED)
  })

  test('as failed when node:http2 has no session for it', async () => {
    const call = async () => {
      const session = http2.connect(`http://127.0.0.1:${port.http2}`)
      session.destroy()
      // Node.js 20 throws at once.
      const stream = session.request({ ':path': '/200' })
      await new Promise((_resolve, reject) => stream.on('error', reject))
    }
    await expect(call()).rejects.toThrow('destroyed')
    expect(await costOf(call)).toEqual(FAILED)
  })

  test('as failed when its caller gives it up', async () => {
    const signal = () => AbortSignal.timeout(20)
    const url = `http://127.0.0.1:${port.http}/never`
    expect(await costOf(() => fetch(url, { signal: signal() }))).toEqual(FAILED)
    expect(await costOf(() => read(http.get(url, { signal: signal() })))).toEqual(FAILED)
  })

  test('as long as the request lasts when it is still under way', async () => {
    expect(
      await costOf(async () => {
        http.get(`http://127.0.0.1:${port.http}/never`).on('error', () => {})
        await new Promise((resolve) => setTimeout(resolve, 5))
      }),
    ).toEqual(GOOD)
  })

  test('once when it becomes a WebSocket', async () => {
    const socket = () => once(new WebSocket(`ws://127.0.0.1:${port.http}/`), 'close')
    expect(await costOf(socket)).toEqual(GOOD)
  })

  test('wherever it goes, and whether or not the id goes along', async () => {
    const lookup = (_name: string, _options: unknown, found: (...answer: unknown[]) => void) =>
      found(null, [{ address: '127.0.0.1', family: 4 }])
    const outside = () =>
      read(http.get({ host: 'api.partner.com', port: port.http, path: '/200', lookup: lookup as never }))
    expect(await costOf(outside)).toEqual(GOOD)
    expect(await costOf(() => fetch(`http://127.0.0.1:${port.http}/200`), { propagate: false })).toEqual(GOOD)
  })

  test('with all others of its request', async () => {
    const url = `http://127.0.0.1:${port.http}`
    const calls = () =>
      Promise.all(['/200', '/404', '/500'].map(async (path) => (await fetch(url + path)).text()))
    expect(await costOf(calls)).toEqual({ count: 3, failed: 1 })
  })
})

test('a request without outgoing calls has no `calls` field', async () => {
  expect(await costOf(async () => {})).toBeUndefined()
})

test('with context: false nothing is counted', async () => {
  expect(await costOf(() => fetch(`http://127.0.0.1:${port.http}/200`), { context: false })).toBeUndefined()
})

test('the calls of requests that overlap are counted apart', async () => {
  const log = new Capture()
  const requestLog = middleware({ destination: log })
  const listening = await listenFor(
    http.createServer((request, response) => {
      requestLog(request, response, async () => {
        const calls = Array.from({ length: Number(request.url?.slice(1)) }, () => CLIENTS.fetch?.('/200'))
        await Promise.all(calls)
        response.end()
      })
    }),
  )
  await Promise.all([1, 2, 3, 4, 5].map((count) => ask(listening, `/${count}`)))
  const counts = (await log.completions(5)).map(({ path, calls }) => [
    path,
    (calls as { count: number }).count,
  ])
  expect(counts.sort()).toEqual([1, 2, 3, 4, 5].map((count) => [`/${count}`, count]))
})

test('calls that overlap count once in the time that calls cost', () => {
  const calls = new Calls()
  calls.begin(0)
  calls.begin(10)
  calls.end(30)
  calls.failed++
  calls.end(40)
  calls.begin(100)
  calls.end(105.12345)
  expect(calls.costBy(200)).toEqual({ count: 3, total_ms: 45.123, failed: 1, open: 0 })
})

test('calls under way cost the time up to now', () => {
  const calls = new Calls()
  calls.begin(0)
  calls.begin(20)
  calls.end(30)
  expect(calls.costBy(50)).toEqual({ count: 2, total_ms: 50, failed: 0, open: 1 })
})
