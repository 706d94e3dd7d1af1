import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import waybill from '../../src/index.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { type Connection, open, serve, serveHttp2 } from '../support/connection.js'
import { ask, listen } from '../support/http.js'
import { twoLocalhosts } from '../support/localhost.js'

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** Starts an app on two addresses of localhost; gives a connection to each. */
async function onTwoServers(
  declare: (app: FastifyInstance) => unknown,
): Promise<{ app: FastifyInstance; log: Capture; clients: Connection[] }> {
  twoLocalhosts()
  const { app, log } = await startApp()
  await declare(app)
  await app.listen({ port: 0, host: 'localhost' })
  const addresses = (app.addresses() as AddressInfo[]).sort((a, b) => a.address.localeCompare(b.address))
  expect(addresses.map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.2'])
  const clients = await Promise.all(addresses.map(({ address, port }) => open(port, 'HTTP', address)))
  return { app, log, clients }
}

test('both servers of localhost reject and log what can not be parsed', async () => {
  const { app, log, clients } = await onTwoServers(() => {})
  for (const client of clients) {
    client.send('nonsense', '')
    expect(await client.closed()).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/)
  }
  await app.close()
  expect(log.events('started')).toHaveLength(2)
  expect(log.events('completed')).toMatchObject([
    { status: 400, outcome: 'rejected' },
    { status: 400, outcome: 'rejected' },
  ])
})

test.each([
  ['a header that is too large', ['GET / HTTP/1.1', 'Host: h', `X-Long: ${'x'.repeat(20_000)}`, ''], 431],
  ['a header that never ends', ['GET / HTTP/1.1'], 408],
])('on both servers of localhost, %s is answered as Node.js does', async (_case, lines, status) => {
  twoLocalhosts()
  const log = new Capture()
  const app = Fastify({ http: { headersTimeout: 250, connectionsCheckingInterval: 20 } })
  await app.register(waybill, { destination: log })
  await app.listen({ port: 0, host: 'localhost' })
  for (const { address, port } of app.addresses() as AddressInfo[]) {
    const client = await open(port, 'HTTP', address)
    client.send(...lines)
    expect(await client.closed()).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  }
  await app.close()
  expect(log.events('completed').map((line) => line.status)).toEqual([status, status])
})

test('on both servers of localhost, an upgrade has one start and one completion', async () => {
  const { app, log, clients } = await onTwoServers((each) => {
    const sockets = new WebSocketServer({ noServer: true })
    each.server.on('upgrade', (request, connection, head) =>
      sockets.handleUpgrade(request, connection, head, () => {}),
    )
  })
  for (const client of clients) {
    client.send('GET /socket HTTP/1.1', 'Host: h', ...UPGRADE, '')
    await client.until('101')
    client.leaveByRst()
  }
  await log.completions(2)
  await app.close()
  expect(log.events('started')).toHaveLength(2)
  const upgraded = { path: '/socket', status: 101, outcome: 'upgraded' }
  expect(log.events('completed')).toMatchObject([upgraded, upgraded])
})

test('on both servers of localhost, nothing is written into an answer that has begun', async () => {
  const { app, log, clients } = await onTwoServers((each) => {
    each.get('/streams', (_request, reply) => {
      reply.hijack()
      reply.raw.write('begun')
    })
    each.get('/queued', async () => 'never sent')
  })
  const [, client] = clients
  client?.send('GET /streams HTTP/1.1', 'Host: h', '', 'GET /queued HTTP/1.1', 'Host: h', '')
  await client?.until('begun')
  client?.send('nonsense', '')
  expect(await client?.closed()).toMatch(/begun\r\n$/)
  await log.completions(3)
  clients[0]?.leaveByFin()
  await app.close()
})

/** A server that several apps share, by a prefix of their paths. */
async function share(
  prefixes: readonly string[],
): Promise<{ server: Server; logs: Capture[]; port: number }> {
  const handlers = new Map<string, RequestListener>()
  const server = createServer((request, response) => {
    const handler = [...handlers].find(([prefix]) => request.url?.startsWith(prefix))?.[1]
    if (handler === undefined) response.writeHead(200).end('nobody')
    else handler(request, response)
  })
  const logs = await Promise.all(
    prefixes.map(async (prefix) => {
      const log = new Capture()
      const app = Fastify({
        serverFactory: (handler) => {
          handlers.set(prefix, handler)
          return server
        },
      })
      await app.register(waybill, { destination: log })
      app.get(`${prefix}/*`, async () => prefix)
      await app.ready()
      return log
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, logs, port: (server.address() as AddressInfo).port }
}

test('of apps that share a server, the one that answers a request logs it', async () => {
  const { server, logs, port } = await share(['/one', '/two'])
  for (const path of ['/one/a', '/two/b', '/three']) expect((await ask(port, path)).status).toBe(200)
  expect((await ask(port, '/one/c', { headers: { expect: 'the-impossible' } })).status).toBe(417)
  const client = await open(port)
  client.send('CONNECT h:1 HTTP/1.1', 'Host: h:1', '')
  expect(await client.closed()).toBe('')
  await new Promise((resolve) => server.close(resolve))
  const [one, two] = logs.map((log) =>
    log.events('completed').map(({ path, status, outcome }) => [path, status, outcome]),
  )
  expect(two).toEqual([['/two/b', 200, 'completed']])
  expect(one).toEqual([
    ['/one/a', 200, 'completed'],
    ['/three', 200, 'completed'],
    ['/one/c', 417, 'rejected'],
    ['h:1', undefined, 'rejected'],
  ])
})

test('a connection that is kept alive does not hold on to its last request', async () => {
  let body: WeakRef<object> | undefined
  const { app, log, port } = await serve((each) => {
    each.post('/', async (request) => {
      body = new WeakRef(request.body as object)
      return ''
    })
  })
  const client = await open(port)
  client.send(
    'POST / HTTP/1.1',
    'Host: h',
    'Content-Type: application/json',
    'Content-Length: 8',
    '',
    '{"a":[]}',
  )
  await log.completions(1)
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let turn = 0; turn < 20 && body?.deref() !== undefined; turn++) {
    await new Promise(setImmediate)
    collect()
  }
  expect(body?.deref()).toBeUndefined()
  client.leaveByFin()
  await app.close()
})

test('HTTP/2: a stream that the server closes is broken off by the server', async () => {
  const { app, log, port } = await serveHttp2((each) => {
    each.get('/', (_request, reply) => {
      reply.hijack()
      const { stream } = reply.raw as unknown as { stream: { close(code: number): void } }
      stream.close(8)
    })
  })
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  session.request({ ':path': '/' }).on('error', () => {})
  await log.completions(1)
  session.destroy()
  await app.close()
  expect(log.events('completed')).toMatchObject([{ outcome: 'destroyed' }])
})

test('HTTP/2: a stream answered without its response object has its status and no response_bytes', async () => {
  const { app, log, port } = await serveHttp2((each) => {
    each.get('/', (_request, reply) => {
      reply.hijack()
      const { stream } = reply.raw as unknown as {
        stream: { respond(headers: object): void; end(text: string): void }
      }
      stream.respond({ ':status': 404 })
      stream.end('nowhere')
    })
  })
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  const request = session.request({ ':path': '/' })
  request.resume()
  await once(request, 'close')
  await log.completions(1)
  session.destroy()
  await app.close()
  expect(log.events('completed')).toMatchObject([{ status: 404, outcome: 'completed' }])
  expect(log.events('completed')[0]).not.toHaveProperty('response_bytes')
})

test('a request with Expect that the app handles itself is logged as answered', async () => {
  const { app, log, port } = await serveHttp2((each) => {
    each.server.on('checkContinue', (_request, response) => response.writeHead(413).end())
  })
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  const request = session.request({ ':path': '/', ':method': 'POST', expect: '100-continue' })
  request.on('error', () => {})
  await once(request, 'response')
  request.resume()
  request.end()
  await log.completions(1)
  session.destroy()
  await app.close()
  expect(log.events('completed')).toMatchObject([{ method: 'POST', status: 413, outcome: 'rejected' }])
})

test('a rewritten URL is logged as the client sent it', async () => {
  const log = new Capture()
  const app = Fastify({ rewriteUrl: () => '/%zz' })
  await app.register(waybill, { destination: log })
  app.get('/users/:id', async () => '')
  await ask(await listen(app), '/asked-for')
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ path: '/asked-for', status: 400, outcome: 'rejected' }])
})
