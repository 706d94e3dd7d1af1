import { once } from 'node:events'
import { ServerResponse } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import waybill from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { open, serve, serveHttp2 } from '../support/connection.js'
import { ask, listen } from '../support/http.js'

/** What is the same in every upgrade that was accepted. */
const UPGRADED = {
  status: 101,
  outcome: 'upgraded',
  level: 'info',
  message: expect.stringMatching(/ upgraded$/),
}

/** Opens a WebSocket, says something over it and closes it. */
async function talk(port: number, path: string, meanwhile: () => void): Promise<void> {
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { 'x-request-id': 'abc' } })
  await once(client, 'open')
  client.send('hello')
  await once(client, 'message')
  meanwhile()
  client.close()
  await once(client, 'close')
}

async function withWebSockets(app: FastifyInstance): Promise<void> {
  await app.register(websocket)
}

test('a WebSocket of @fastify/websocket is completed when it closes, with its whole duration', async () => {
  const { app, log, port } = await serve(async (each) => {
    await withWebSockets(each)
    each.get('/echo', { websocket: true }, (socket) => {
      socket.on('message', (message: Buffer) => socket.send(message.toString()))
    })
  })
  await talk(port, '/echo', () => {
    expect(log.events('started')).toHaveLength(1)
    expect(log.events('completed')).toEqual([])
  })
  await log.completions(1)
  await app.close()
  expect(log.events('started')).toMatchObject([{ request_id: 'abc', route: '/echo' }])
  expect(log.events('completed')).toMatchObject([{ request_id: 'abc', route: '/echo', ...UPGRADED }])
})

test('an upgrade that a hook refuses is completed with the status of the answer', async () => {
  const { app, log, port } = await serve(async (each) => {
    await withWebSockets(each)
    const onRequest = async (
      _request: unknown,
      reply: { code(status: number): { send(body: string): unknown } },
    ) => reply.code(401).send('no')
    each.get('/echo', { websocket: true, onRequest }, () => {})
  })
  const client = new WebSocket(`ws://127.0.0.1:${port}/echo`)
  client.on('error', () => {})
  await new Promise((resolve) => client.on('close', resolve))
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([
    { route: '/echo', status: 401, outcome: 'completed', level: 'warn' },
  ])
})

test('a WebSocket of a plain upgrade listener starts at once and is completed when it closes', async () => {
  const { app, log, port } = await serve((each) => {
    const sockets = new WebSocketServer({ noServer: true })
    sockets.on('connection', (socket) =>
      socket.on('message', (message: Buffer) => socket.send(message.toString())),
    )
    each.server.on('upgrade', (request, connection, head) => {
      sockets.handleUpgrade(request, connection, head, (socket) =>
        sockets.emit('connection', socket, request),
      )
    })
  })
  await talk(port, '/plain?token=secret', () => {
    expect(log.events('started')).toHaveLength(1)
    expect(log.events('completed')).toEqual([])
  })
  await log.completions(1)
  await app.close()
  expect(log.events('started')).toMatchObject([{ request_id: 'abc', method: 'GET', path: '/plain' }])
  expect(log.events('completed')).toMatchObject([
    { request_id: 'abc', method: 'GET', path: '/plain', duration_ms: expect.any(Number), ...UPGRADED },
  ])
})

test.each([
  [
    'is answered by hand',
    'HTTP/1.1 403 Forbidden\r\n\r\n',
    { status: 403, outcome: 'completed', level: 'warn' },
  ],
  ['is not answered', '', { outcome: 'destroyed', level: 'info' }],
])('an upgrade that a plain listener refuses is completed when it %s', async (_case, answer, expected) => {
  const { app, log, port } = await serve((each) => {
    each.server.on('upgrade', (_request, connection) => {
      if (answer !== '') connection.write(answer)
      connection.destroy()
    })
  })
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', 'Connection: Upgrade', 'Upgrade: websocket', '')
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ method: 'GET', path: '/', ...expected }])
  if (answer === '') expect(log.events('completed')[0]).not.toHaveProperty('status')
})

test('an upgrade whose client leaves before it is answered is aborted', async () => {
  const { app, log, port } = await serve((each) => {
    each.server.on('upgrade', (_request, connection) => connection.on('end', () => connection.end()).resume())
  })
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', 'Connection: Upgrade', 'Upgrade: websocket', '')
  await log.starts(1)
  client.leaveByFin()
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ status: 499, outcome: 'aborted' }])
})

test('an upgrade without a listener is answered as any other request', async () => {
  const upgrade = { headers: { connection: 'Upgrade', upgrade: 'h2c' } }
  const { app, log, port } = await serve((each) => each.get('/', async () => 'ok'))
  expect((await ask(port, '/', upgrade)).status).toBe(200)
  const gone = (): void => {}
  app.server.on('upgrade', gone)
  app.server.off('upgrade', gone)
  expect((await ask(port, '/', upgrade)).status).toBe(200)
  await log.completions(2)
  await app.close()
  const completed = { route: '/', status: 200, outcome: 'completed' }
  expect(log.events('completed')).toMatchObject([completed, completed])
})

test('CONNECT without a listener is rejected, without an answer', async () => {
  const { app, log, port } = await serve(() => {})
  const client = await open(port)
  client.send('CONNECT db.test:5432 HTTP/1.1', 'Host: db.test:5432', '')
  expect(await client.closed()).toBe('')
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([
    { method: 'CONNECT', path: 'db.test:5432', outcome: 'rejected' },
  ])
  expect(log.events('completed')[0]).not.toHaveProperty('status')
})

test('CONNECT with a listener is completed when the tunnel closes', async () => {
  const { app, log, port } = await serve((each) => {
    each.server.on('connect', (_request, connection) => {
      connection.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      connection.pipe(connection)
    })
  })
  const client = await open(port)
  client.send('CONNECT db.test:5432 HTTP/1.1', 'Host: db.test:5432', '')
  await client.until('Established')
  client.send('through the tunnel')
  await client.until('through the tunnel')
  expect(log.events('completed')).toEqual([])
  client.leaveByFin()
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ method: 'CONNECT', status: 200, outcome: 'upgraded' }])
})

test('CONNECT over HTTP/2 without a listener is rejected with 405', async () => {
  const { app, log, port } = await serveHttp2(() => {})
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  const request = session.request({ ':method': 'CONNECT', ':authority': 'db.test:5432' })
  const [headers] = await once(request, 'response')
  request.resume()
  await log.completions(1)
  session.destroy()
  await app.close()
  expect(headers[':status']).toBe(405)
  expect(log.events('completed')).toMatchObject([{ method: 'CONNECT', status: 405, outcome: 'rejected' }])
})

test('a WebSocket of an encapsulated registration is upgraded, too', async () => {
  const log = new Capture()
  const app = Fastify()
  await app.register(websocket)
  await app.register(async (inner) => {
    await inner.register(waybill, { destination: log })
    inner.get('/echo', { websocket: true }, (socket) => {
      socket.on('message', (message: Buffer) => socket.send(message.toString()))
    })
  })
  await talk(await listen(app), '/echo', () => {})
  await log.completions(1)
  await app.close()
  expect(log.events('started')).toHaveLength(1)
  expect(log.events('completed')).toMatchObject([{ route: '/echo', ...UPGRADED }])
})

test('an upgrade that a listener routes later has one start and one completion', async () => {
  const { app, log, port } = await serve((each) => {
    each.get('/', async () => 'routed')
    each.server.on('upgrade', async (request, connection) => {
      await new Promise(setImmediate)
      const response = new ServerResponse(request)
      response.assignSocket(connection as Socket)
      response.on('finish', () => connection.end())
      each.routing(request, response)
    })
  })
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', 'Connection: Upgrade', 'Upgrade: other', '')
  expect(await client.closed()).toMatch(/^HTTP\/1.1 200 [\s\S]*routed$/)
  await log.completions(1)
  await app.close()
  expect(log.events('started')).toHaveLength(1)
  expect(log.events('completed')).toMatchObject([{ path: '/', status: 200, outcome: 'completed' }])
})

test('an upgrade behind a slow answer has its own status', async () => {
  const { app, log, port } = await serve((each) => {
    each.get('/slow', async () => {
      await new Promise(setImmediate)
      return 'slow'
    })
    each.server.on('upgrade', (_request, connection) => {
      setTimeout(() => connection.end('HTTP/1.1 426 Upgrade Required\r\n\r\n'), 50)
    })
  })
  const client = await open(port)
  client.send(
    'GET /slow HTTP/1.1',
    'Host: h',
    '',
    'GET /ws HTTP/1.1',
    'Host: h',
    'Connection: Upgrade',
    'Upgrade: x',
    '',
  )
  await client.closed()
  await log.completions(2)
  await app.close()
  const statuses = log.events('completed').map(({ path, status }) => [path, status])
  expect(statuses.sort()).toEqual([
    ['/slow', 200],
    ['/ws', 426],
  ])
})

test('an upgrade is logged whether its listener comes first, late, once or is removed', async () => {
  const { app, log, port } = await serve((each) => each.get('/', async () => 'ok'))
  const accept = (_request: unknown, connection: Duplex): void => {
    connection.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
  }
  const ask = async (): Promise<string> => {
    const client = await open(port)
    client.send('GET / HTTP/1.1', 'Host: h', 'Connection: Upgrade, close', 'Upgrade: x', '')
    return (await client.closed()).slice(0, 'HTTP/1.1 000'.length)
  }
  app.server.prependListener('upgrade', accept)
  expect(await ask()).toBe('HTTP/1.1 101')
  app.server.removeAllListeners('upgrade')
  expect(await ask()).toBe('HTTP/1.1 200')
  app.server.once('upgrade', accept)
  expect(await ask()).toBe('HTTP/1.1 101')
  expect(await ask()).toBe('HTTP/1.1 200')
  await log.completions(4)
  await app.close()
  expect(log.events('completed').map(({ outcome }) => outcome)).toEqual([
    'upgraded',
    'completed',
    'upgraded',
    'completed',
  ])
})

test('the target of CONNECT is logged without a password', async () => {
  const { app, log, port } = await serve(() => {})
  const client = await open(port)
  client.send('CONNECT user:secret@db.test:5432 HTTP/1.1', 'Host: db.test:5432', '')
  await client.closed()
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ method: 'CONNECT', path: 'db.test:5432' }])
  expect(log.raw.join('')).not.toContain('secret')
})

test('a WebSocket is not slow for lasting long, and has no body', async () => {
  const { app, log, port } = await serve(
    async (each) => {
      await each.register(websocket)
      each.get('/echo', { websocket: true }, (socket) => {
        socket.on('message', (message: Buffer) => socket.send(message.toString()))
      })
    },
    { options: { slow: 0.001 } },
  )
  await talk(port, '/echo', () => {})
  await log.completions(1)
  await app.close()
  const [completed] = log.events('completed')
  expect(completed).toMatchObject(UPGRADED)
  for (const key of ['slow', 'response_bytes']) expect(completed).not.toHaveProperty(key)
})
