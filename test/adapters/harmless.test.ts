import { once } from 'node:events'
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import fastifyExpress from '@fastify/express'
import proxy from '@fastify/http-proxy'
import websocket from '@fastify/websocket'
import connect from 'connect'
import express from 'express'
import expressWs from 'express-ws'
import Fastify, { type FastifyInstance } from 'fastify'
import { request as undiciRequest } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { waybill as middleware } from '../../src/express.js'
import waybill from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { listenFor, VERSIONS } from '../support/express.js'
import { ask, listen } from '../support/http.js'

const UPLOAD = 'x'.repeat(100_000)

/** An upstream that answers an upload with its size. */
function upstream(): Promise<number> {
  return listenFor(
    http.createServer(async (request, response) => {
      response.end(String((await text(request)).length))
    }),
  )
}

/** An app with waybill for the time of a test. */
async function appWith(
  declare: (app: FastifyInstance) => unknown,
  options: object = {},
): Promise<{ app: FastifyInstance; log: Capture; port: number }> {
  const log = new Capture()
  const app = Fastify(options)
  await app.register(waybill, { destination: log })
  await declare(app)
  const port = await listen(app)
  onTestFinished(() => app.close())
  return { app, log, port }
}

/** A server of `node:http` with the middleware for the time of a test. */
async function serverWith(handle: RequestListener): Promise<{ log: Capture; port: number }> {
  const log = new Capture()
  const logged = middleware({ destination: log })
  const server = http.createServer((request, response) => {
    logged(request, response)
    handle(request, response)
  })
  logged.attach(server)
  return { log, port: await listenFor(server) }
}

/** What the server sends until it closes the connection, without the lines that differ at each time. */
async function raw(port: number, request: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.write(request)
  const answer = await text(socket)
  return answer.replace(/^(?:date|x-request-id): .*\r\n/gim, '')
}

test('an upload through a proxy plugin is answered, and completed once', async () => {
  const to = await upstream()
  const { log, port } = await appWith((app) => app.register(proxy, { upstream: `http://127.0.0.1:${to}` }))
  const options = { method: 'POST', headers: { 'content-type': 'text/plain' } }
  expect(await ask(port, '/', options, UPLOAD)).toMatchObject({ status: 200, body: '100000' })
  expect(await log.completions(1)).toMatchObject([{ status: 200, outcome: 'completed' }])
})

test('a request used as the body of an undici call is answered, and completed once', async () => {
  const to = await upstream()
  const { log, port } = await serverWith(async (request, response) => {
    const { body } = await undiciRequest(`http://127.0.0.1:${to}/`, { method: 'POST', body: request })
    response.end(await body.text())
  })
  expect(await ask(port, '/', { method: 'POST' }, UPLOAD)).toMatchObject({ status: 200, body: '100000' })
  expect(await log.completions(1)).toMatchObject([{ status: 200, outcome: 'completed' }])
})

test('an injected WebSocket is completed when it closes', async () => {
  const { app, log } = await appWith(async (each) => {
    await each.register(websocket)
    each.get('/echo', { websocket: true }, (socket) => {
      socket.on('message', (message: Buffer) => socket.send(message.toString()))
    })
  })
  const client = await app.injectWS('/echo')
  client.send('hello')
  await once(client, 'message')
  client.terminate()
  expect(await log.completions(1)).toMatchObject([{ status: 101, outcome: 'upgraded', route: '/echo' }])
})

test('a HEAD over HTTP/2 that its client resets is completed', async () => {
  const log = new Capture()
  const logged = middleware({ destination: log })
  let arrived = (): void => {}
  const server = http2.createServer((request, response) => {
    logged(request, response as unknown as ServerResponse)
    arrived()
    // Answered after the reset.
    response.stream.on('aborted', () => response.end())
  })
  logged.attach(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    session.destroy()
    server.close()
  })
  for (let i = 0; i < 3; i++) {
    const started = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const stream = session.request({ ':method': 'HEAD', ':path': '/' })
    stream.on('error', () => {})
    await started
    stream.close(http2.constants.NGHTTP2_CANCEL)
  }
  expect(await log.completions(3)).toMatchObject(Array(3).fill({ method: 'HEAD', outcome: 'aborted' }))
})

test.each<[string, (response: ServerResponse) => void]>([
  [
    'a flat list with a repeated name',
    (response) => response.writeHead(201, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end('x'),
  ],
  ['a list of pairs', (response) => response.writeHead(201, [['X-A', '1']] as never).end('x')],
  ['an object', (response) => response.writeHead(201, 'Made', { 'X-A': ['1', '2'] }).end('x')],
])('a head written with %s is the same as without waybill, plus the id', async (_name, answer) => {
  const request = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  const bare = await listenFor(http.createServer((_request, response) => answer(response)))
  const { log, port } = await serverWith((_request, response) => answer(response))
  expect(await raw(port, request)).toBe(await raw(bare, request))
  expect(await log.completions(1)).toMatchObject([{ status: 201 }])
  expect((await ask(port, '/')).headers['x-request-id']).toBe(log.events('completed')[1]?.request_id)
})

test.each(['before', 'after'])(
  'with @fastify/express registered %s, a failure is logged as one',
  async (order) => {
    const log = new Capture()
    const app = Fastify()
    if (order === 'before') await app.register(fastifyExpress)
    await app.register(waybill, { destination: log })
    if (order === 'after') await app.register(fastifyExpress)
    app.get('/', async () => {
      throw new TypeError('broken')
    })
    const port = await listen(app)
    onTestFinished(() => app.close())
    expect(await ask(port, '/')).toMatchObject({ status: 500 })
    expect(await log.completions(1)).toMatchObject([
      { status: 500, level: 'error', error: { type: 'TypeError', message: 'broken' } },
    ])
  },
)

test('a status set after the head was sent is not logged', async () => {
  const { log, port } = await serverWith((_request, response) => {
    response.write('a')
    response.statusCode = 500
    response.end()
  })
  await ask(port, '/')
  const { log: ofApp, port: onFastify } = await appWith((app) =>
    app.get('/', (_request, reply) => {
      reply.send('ok')
      reply.raw.statusCode = 404
    }),
  )
  await ask(onFastify, '/')
  expect(await log.completions(1)).toMatchObject([{ status: 200, level: 'info' }])
  expect(await ofApp.completions(1)).toMatchObject([{ status: 200, level: 'info' }])
})

test.each(VERSIONS)(
  '%s: an error after the answer leaves the status that was sent',
  async (_name, create) => {
    const log = new Capture()
    const app = create()
    app.use(middleware({ destination: log }))
    app.get('/', (_request, response) => {
      response.json({})
      throw new Error('too late')
    })
    app.use(((_error, _request, response, _next) => void response.status(500)) as express.ErrorRequestHandler)
    const port = await listenFor(http.createServer(app))
    expect(await ask(port, '/')).toMatchObject({ status: 200 })
    expect(await log.completions(1)).toMatchObject([{ status: 200, level: 'info' }])
  },
)

test('a pipelined response that was never sent has no status', async () => {
  const responses: ServerResponse[] = []
  const { log, port } = await serverWith((_request, response) => void responses.push(response))
  const socket = net.connect(port, '127.0.0.1')
  socket.write('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n')
  await log.starts(2)
  responses[1]?.end('second')
  socket.resetAndDestroy()
  const [first, second] = (await log.completions(2)).sort((a, b) =>
    String(a.path).localeCompare(String(b.path)),
  )
  expect([first, second]).toMatchObject([
    { outcome: 'aborted', status: 499 },
    { outcome: 'aborted', status: 499 },
  ])
})

test('a raw answer to a broken chunk has no response_bytes', async () => {
  const { log, port } = await appWith((app) => app.post('/', async () => 'never'))
  const answer = await raw(
    port,
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  )
  expect(answer).toMatch(/^HTTP\/1.1 400/)
  const [completion] = await log.completions(1)
  expect(completion).toMatchObject({ status: 400 })
  expect(completion).not.toHaveProperty('response_bytes')
})

test('a WebSocket proxy answers an unknown path at once', async () => {
  const to = await upstream()
  const { log, port } = await appWith((app) =>
    app.register(proxy, { upstream: `http://127.0.0.1:${to}`, prefix: '/ws', websocket: true }),
  )
  const client = new WebSocket(`ws://127.0.0.1:${port}/unknown`)
  const [error] = (await once(client, 'error')) as [Error]
  expect(error.message).toContain('404')
  expect(await log.completions(1)).toMatchObject([{ status: 404 }])
})

test('a server mounted in Connect is answered', async () => {
  const { log, port } = await (async () => {
    const logged = middleware({ destination: new Capture() })
    const own = new Capture()
    const inner = http.createServer((_request, response) => response.end('inner'))
    logged.attach(inner)
    const app = connect()
    app.use(middleware({ destination: own }))
    app.use('/sub', inner as unknown as connect.HandleFunction)
    return { log: own, port: await listenFor(http.createServer(app)) }
  })()
  expect(await ask(port, '/sub')).toMatchObject({ status: 200, body: 'inner' })
  expect(await log.completions(1)).toMatchObject([{ status: 200 }])
})

test('a WebSocket of express-ws is completed when it closes, without attach', async () => {
  const log = new Capture()
  const app = express()
  const server = http.createServer(app)
  const { app: withSockets } = expressWs(app, server)
  app.use(middleware({ destination: log }))
  withSockets.ws('/echo', (socket) => {
    socket.on('message', (message) => socket.send(message))
  })
  const port = await listenFor(server)
  const client = new WebSocket(`ws://127.0.0.1:${port}/echo`)
  await once(client, 'open')
  client.send('hello')
  await once(client, 'message')
  client.close()
  expect(await log.completions(1)).toMatchObject([{ status: 101, outcome: 'upgraded' }])
})

test('comparing or printing requests, responses and sockets shows nothing of waybill', async () => {
  const names = (each: object): PropertyKey[] =>
    Reflect.ownKeys(each).filter((key) => Object.prototype.propertyIsEnumerable.call(each, key))
  const seen: PropertyKey[][] = []
  const list = (request: IncomingMessage, response: ServerResponse): void => {
    seen.push([...names(request), ...names(response), ...names(request.socket)])
    response.end()
  }
  await ask(await listenFor(http.createServer(list)), '/')
  const { port } = await serverWith(list)
  await ask(port, '/')
  const [bare = [], logged] = seen.map((each) => each.map(String).sort())
  expect(bare.length).toBeGreaterThan(10)
  expect(logged).toEqual(bare)
})

test('a request of an Express 4 app that replaces request.app is answered and completed with its route', async () => {
  const [, express4] = VERSIONS[1] ?? []
  const app = (express4 as typeof express)()
  const log = new Capture()
  app.use(middleware({ destination: log }))
  app.use((request, _response, next) => {
    Object.assign(request, { app: { tenant: 'acme' } })
    next()
  })
  const users = (express4 as typeof express).Router()
  users.get('/:id', (_request, response) => void response.send('Ada'))
  app.use('/users', users)
  const port = await listenFor(http.createServer(app))
  expect(await ask(port, '/users/1')).toMatchObject({ status: 200, body: 'Ada' })
  expect(await log.completions(1)).toMatchObject([{ route: '/users/:id', status: 200 }])
})

test('a proxy of a request has the record of the request', async () => {
  const log = new Capture()
  const logged = middleware({ destination: log })
  const server = http.createServer((request, response) => {
    logged(new Proxy(request, {}), response, () => response.end('whole'))
  })
  logged.attach(server)
  const port = await listenFor(server)
  expect((await ask(port, '/')).body).toBe('whole')
  expect(await log.completions(1)).toMatchObject([{ status: 200, outcome: 'completed' }])
  expect(log.events('started')).toHaveLength(1)
})

test('a response that is detached from its connection has a completion when that closes', async () => {
  const { log, port } = await serverWith((_request, response) => {
    const { socket } = response
    if (socket === null) throw new Error('no socket')
    response.detachSocket(socket)
    socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nby')
  })
  expect(await raw(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('200 OK')
  expect(await log.completions(1)).toMatchObject([{ path: '/', outcome: 'aborted' }])
})

test('a head that was sent before the server broke off has its status', async () => {
  const { log, port } = await serverWith((_request, response) => {
    response.writeHead(200)
    response.flushHeaders()
    setImmediate(() => {
      response.socket?.destroy()
      response.end('x')
    })
  })
  await raw(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n').catch(() => {})
  expect(await log.completions(1)).toMatchObject([{ status: 200, outcome: 'destroyed' }])
})

test('a request that one app hands to another has one id', async () => {
  const [outerLog, innerLog] = [new Capture(), new Capture()]
  const inner = Fastify()
  await inner.register(waybill, { destination: innerLog })
  inner.get('/', async (request) => request.id)
  await inner.ready()
  const app = express()
  app.use(middleware({ destination: outerLog }))
  app.use((request, response) => inner.routing(request, response))
  const port = await listenFor(http.createServer(app))
  const { body, headers } = await ask(port, '/')
  const [outerEnd] = await outerLog.completions(1)
  const [innerEnd] = await innerLog.completions(1)
  expect([headers['x-request-id'], outerEnd?.request_id, innerEnd?.request_id]).toEqual([body, body, body])
  await inner.close()
})

test('patches of other packages to classes of Node.js keep working', async () => {
  const { log, port } = await serverWith((_request, response) => void response.end('whole'))
  await ask(port, '/')
  const listed = (object: object): string[] => {
    const names: string[] = []
    for (const name in object) names.push(name)
    return names
  }
  // As without waybill, where `emit` is inherited and listed.
  expect(listed(new http.ServerResponse(new http.IncomingMessage({} as never)))).toEqual(
    expect.arrayContaining(['write', 'end', 'writeHead', 'emit']),
  )
  const { writeHead } = http.ServerResponse.prototype
  const seen: number[] = []
  http.ServerResponse.prototype.writeHead = function (this: ServerResponse, ...args: [number]) {
    seen.push(args[0])
    return writeHead.apply(this, args)
  } as typeof writeHead
  await ask(port, '/')
  http.ServerResponse.prototype.writeHead = writeHead
  await ask(port, '/')
  expect(seen).toEqual([200])
  expect(await log.completions(3)).toMatchObject(Array(3).fill({ status: 200, response_bytes: 5 }))
})
