import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { Client } from 'undici'
import { expect, test } from 'vitest'
import { open, PROTOCOLS, serve, serveHttp2 } from '../support/connection.js'

const WAYS = ['leaveByFin', 'leaveByRst'] as const
const LEAVING = PROTOCOLS.flatMap((protocol) => WAYS.map((leave) => ({ protocol, leave })))

/** A body that has begun and goes on for ever. */
function endless(): Readable {
  return new Readable({ read() {}, construct: (done) => done() })
}

function declareRoutes(app: FastifyInstance): void {
  app.get('/hangs', () => {})
  app.get('/streams', (_request, reply) => {
    const body = endless()
    body.push('begun')
    reply.send(body)
  })
  app.post('/', async () => 'ok')
}

test.each(LEAVING)(
  'a client that leaves before the answer, $protocol, $leave',
  async ({ protocol, leave }) => {
    const { app, log, port } = await serve(declareRoutes, { protocol })
    const client = await open(port, protocol)
    client.send('GET /hangs HTTP/1.1', 'Host: h', '')
    await log.starts(1)
    client[leave]()
    await log.completions(1)
    await app.close()
    expect(log.events('completed')).toMatchObject([
      { route: '/hangs', status: 499, outcome: 'aborted', level: 'info', response_bytes: 0 },
    ])
  },
)

test.each(LEAVING)(
  'a client that leaves during a streamed answer, $protocol, $leave',
  async ({ protocol, leave }) => {
    const { app, log, port } = await serve(declareRoutes, { protocol })
    const client = await open(port, protocol)
    client.send('GET /streams HTTP/1.1', 'Host: h', '')
    await client.until('begun')
    client[leave]()
    await log.completions(1)
    await app.close()
    expect(log.events('completed')).toMatchObject([
      { route: '/streams', status: 200, outcome: 'aborted', level: 'info', response_bytes: 'begun'.length },
    ])
    expect(log.events('completed')[0]).not.toHaveProperty('error')
  },
)

test.each(LEAVING)(
  'a client that leaves during its own upload, $protocol, $leave',
  async ({ protocol, leave }) => {
    const { app, log, port } = await serve(declareRoutes, { protocol })
    const client = await open(port, protocol)
    client.send('POST / HTTP/1.1', 'Host: h', 'Content-Type: text/plain', 'Content-Length: 100', '', 'a part')
    await log.starts(1)
    client[leave]()
    await client.closed()
    await log.completions(1)
    await app.close()
    // Fastify answers a client that closed its own side only and might read on; to TLS a reset looks the same.
    const status = leave === 'leaveByRst' && protocol === 'HTTP' ? 499 : 400
    expect(log.events('completed')).toMatchObject([{ route: '/', status, outcome: 'aborted', level: 'info' }])
    expect(log.events('completed')[0]).not.toHaveProperty('error')
    if (leave === 'leaveByFin') expect(client.received).toMatch(/^HTTP\/1.1 400 /)
  },
)

test.each(PROTOCOLS)(
  'a client that leaves while nobody reads its upload, and is answered then, %s',
  async (protocol) => {
    let answer = (): void => {}
    const { app, log, port } = await serve(
      (each) => {
        each.addContentTypeParser('*', (_request, _payload, done) => done(null))
        each.post('/', async () => {
          await new Promise<void>((resolve) => {
            answer = resolve
          })
          return 'too late'
        })
      },
      { protocol },
    )
    const client = await open(port, protocol)
    client.send('POST / HTTP/1.1', 'Host: h', 'Content-Length: 9000000', '')
    client.stream.write(Buffer.alloc(5_000_000))
    await log.starts(1)
    client.leaveByRst()
    await client.closed()
    answer()
    await log.completions(1)
    await app.close()
    expect(log.events('completed')).toMatchObject([
      { route: '/', status: 499, outcome: 'aborted', level: 'info', response_bytes: 0 },
    ])
  },
)

test.each(['a request', 'the connection'])(
  'an HTTP/2 client that resets %s before the answer',
  async (what) => {
    const { app, log, port } = await serveHttp2(declareRoutes)
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    const request = session.request({ ':path': '/hangs' })
    request.on('error', () => {})
    await log.starts(1)
    if (what === 'a request') request.close(8)
    else session.destroy()
    await log.completions(1)
    session.destroy()
    await app.close()
    expect(log.events('completed')).toMatchObject([
      { route: '/hangs', status: 499, outcome: 'aborted', response_bytes: 0 },
    ])
  },
)

test.each(['a request', 'the connection'])(
  'an HTTP/2 client that resets %s during the answer',
  async (what) => {
    const { app, log, port } = await serveHttp2(declareRoutes)
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    const request = session.request({ ':path': '/streams' })
    request.on('error', () => {})
    await once(request, 'data')
    if (what === 'a request') request.close(8)
    else session.destroy()
    await log.completions(1)
    session.destroy()
    await app.close()
    expect(log.events('completed')).toMatchObject([
      { route: '/streams', status: 200, outcome: 'aborted', response_bytes: 'begun'.length },
    ])
  },
)

test('an HTTP/2 upload that its client resets is aborted, with the status that Node.js answers', async () => {
  const { app, log, port } = await serveHttp2(declareRoutes)
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  const request = session.request({ ':path': '/', ':method': 'POST', 'content-type': 'text/plain' })
  request.on('error', () => {})
  request.write('a part')
  await log.starts(1)
  request.close(8)
  await log.completions(1)
  session.destroy()
  await app.close()
  expect(log.events('completed')).toMatchObject([{ route: '/', status: 200, outcome: 'aborted' }])
})

test('a handler that fails because its client has left has no status of its own', async () => {
  const { app, log, port } = await serve((each) => {
    each.get('/', async (request) => {
      await new Promise((resolve) => request.raw.once('close', resolve))
      throw new Error('the client is gone')
    })
  })
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', '')
  await log.starts(1)
  client.leaveByRst()
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([
    { status: 499, outcome: 'aborted', level: 'info', response_bytes: 0 },
  ])
})

test('a client of undici that gives up aborts its request, before and within the answer', async () => {
  const { app, log, port } = await serve(declareRoutes)
  const client = new Client(`http://127.0.0.1:${port}`)
  const early = new AbortController()
  const waiting = client.request({ path: '/hangs', method: 'GET', signal: early.signal })
  await log.starts(1)
  early.abort()
  await expect(waiting).rejects.toThrow('aborted')
  await log.completions(1)
  const { body } = await client.request({ path: '/streams', method: 'GET' })
  body.on('error', () => {})
  await once(body, 'data')
  body.destroy()
  await log.completions(2)
  await client.close()
  await app.close()
  expect(log.events('completed')).toMatchObject([
    { path: '/hangs', status: 499, outcome: 'aborted', response_bytes: 0 },
    { path: '/streams', status: 200, outcome: 'aborted', response_bytes: 'begun'.length },
  ])
})
