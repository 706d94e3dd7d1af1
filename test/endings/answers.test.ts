import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import type { Line } from '../support/capture.js'
import { open, serve, serveHttp2 } from '../support/connection.js'
import { ask } from '../support/http.js'

/** Sends a request by hand over a connection that is then closed; gives the answer and the one completion. */
async function exchange(
  declare: (app: FastifyInstance) => unknown,
  ...head: string[]
): Promise<{ answer: string; completed: Line | undefined }> {
  const { app, log, port } = await serve(declare)
  const client = await open(port)
  client.send(...head, 'Host: h', 'Connection: close', '')
  const answer = await client.closed()
  await app.close()
  expect(log.events('started')).toHaveLength(1)
  expect(log.events('completed')).toHaveLength(1)
  return { answer, completed: log.events('completed')[0] }
}

/** The bytes behind the head of an answer. */
function bodyOf(answer: string): string {
  return answer.slice(answer.lastIndexOf('\r\n\r\n') + 4)
}

test('early hints do not count as the answer', async () => {
  const { answer, completed } = await exchange((app) => {
    app.get('/', async (_request, reply) => {
      reply.raw.writeEarlyHints({ link: '</style.css>; rel=preload' })
      return 'the answer'
    })
  }, 'GET / HTTP/1.1')
  expect(answer).toMatch(/^HTTP\/1.1 103 [\s\S]*HTTP\/1.1 200 /)
  expect(completed).toMatchObject({ status: 200, outcome: 'completed', response_bytes: 'the answer'.length })
})

test('a request with Expect: 100-continue is one request', async () => {
  const { app, log, port } = await serve((each) => each.post('/', async (request) => request.body))
  const client = await open(port)
  client.send(
    'POST / HTTP/1.1',
    'Host: h',
    'Content-Type: text/plain',
    'Expect: 100-continue',
    'Content-Length: 4',
    '',
  )
  await client.until('100 Continue')
  expect(log.events('completed')).toEqual([])
  client.stream.write('body')
  await log.completions(1)
  client.leaveByFin()
  await app.close()
  expect(log.events('started')).toHaveLength(1)
  expect(log.events('completed')).toMatchObject([{ status: 200, outcome: 'completed', response_bytes: 4 }])
})

test('HEAD has no body, whatever is written', async () => {
  const { answer, completed } = await exchange((app) => app.get('/', async () => 'a body'), 'HEAD / HTTP/1.1')
  expect(bodyOf(answer)).toBe('')
  expect(completed).toMatchObject({ method: 'HEAD', status: 200, outcome: 'completed', response_bytes: 0 })
})

test.each([204, 304])('%d has no body', async (status) => {
  const { answer, completed } = await exchange((app) => {
    app.get('/', (_request, reply) => reply.code(status).send())
  }, 'GET / HTTP/1.1')
  expect(bodyOf(answer)).toBe('')
  expect(completed).toMatchObject({ status, outcome: 'completed', level: 'info', response_bytes: 0 })
})

test('a partial answer has the size of the part', async () => {
  const { answer, completed } = await exchange(
    (app) => {
      app.get('/', (_request, reply) => reply.code(206).header('content-range', 'bytes 0-3/10').send('part'))
    },
    'GET / HTTP/1.1',
    'Range: bytes=0-3',
  )
  expect(bodyOf(answer)).toBe('part')
  expect(completed).toMatchObject({ status: 206, outcome: 'completed', response_bytes: 4 })
})

test('response_bytes counts compressed bytes', async () => {
  const { app, log, port } = await serve((each) => {
    each.get('/', (_request, reply) => {
      reply.header('content-encoding', 'gzip').send(Readable.from(['x'.repeat(100_000)]).pipe(createGzip()))
    })
  })
  const { headers, bytes } = await ask(port, '/')
  await log.completions(1)
  await app.close()
  expect(headers['content-encoding']).toBe('gzip')
  expect(bytes).toBeLessThan(1000)
  expect(log.events('completed')).toMatchObject([
    { status: 200, outcome: 'completed', response_bytes: bytes },
  ])
})

test('response_bytes leaves out trailers and chunk sizes', async () => {
  const { answer, completed } = await exchange(
    (app) => {
      app.get('/', (_request, reply) => {
        reply.trailer('x-sum', (_reply, _payload, done) => done(null, 'abc'))
        reply.send('the answer')
      })
    },
    'GET / HTTP/1.1',
    'TE: trailers',
  )
  expect(answer).toContain('x-sum: abc')
  expect(completed).toMatchObject({ status: 200, outcome: 'completed', response_bytes: 'the answer'.length })
})

test('server-sent events are completed when the server ends them', async () => {
  const { app, log, port } = await serve((each) => {
    each.get('/events', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'Content-Type': 'text/event-stream' })
      reply.raw.write('data: 1\n\n')
      each.server.once('end-events', () => reply.raw.end('data: 2\n\n'))
    })
  })
  const client = await open(port)
  client.send('GET /events HTTP/1.1', 'Host: h', 'Connection: close', '')
  await client.until('data: 1')
  expect(log.events('completed')).toEqual([])
  app.server.emit('end-events')
  await client.closed()
  await app.close()
  expect(log.events('completed')).toMatchObject([
    { route: '/events', status: 200, outcome: 'completed', response_bytes: 'data: 1\n\ndata: 2\n\n'.length },
  ])
})

test('server-sent events are aborted when the client leaves, with the bytes sent so far', async () => {
  const { app, log, port } = await serve((each) => {
    each.get('/events', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'Content-Type': 'text/event-stream' })
      reply.raw.write('data: 1\n\n')
    })
  })
  const client = await open(port)
  client.send('GET /events HTTP/1.1', 'Host: h', '')
  await client.until('data: 1')
  client.leaveByFin()
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([
    { route: '/events', status: 200, outcome: 'aborted', response_bytes: 'data: 1\n\n'.length },
  ])
})

const BIG = 50_000_000

test.each([
  ['at once', (response: { end(body: Buffer): unknown }) => response.end(Buffer.alloc(BIG))],
  [
    'in pieces',
    (response: { write(body: Buffer): unknown }) => {
      for (let n = 0; n < 50; n++) response.write(Buffer.alloc(BIG / 50))
    },
  ],
])(
  'a big answer written %s that the client breaks off has the bytes that were sent',
  async (_case, write) => {
    const { app, log, port } = await serve((each) => {
      each.get('/', (_request, reply) => {
        reply.hijack()
        write(reply.raw)
      })
    })
    const client = await open(port)
    client.send('GET / HTTP/1.1', 'Host: h', '')
    const { received } = await client.take(1_000_000)
    client.leaveByRst()
    const [completed] = await log.completions(1)
    await app.close()
    expect(completed).toMatchObject({ status: 200, outcome: 'aborted' })
    // Where a write fails before the reset is read, Node.js does not tell.
    if (completed?.response_bytes === undefined) return
    // More than the client has read may be on its way, in buffers of the operating system.
    expect(completed?.response_bytes).toBeGreaterThan(received - 1000)
    expect(completed?.response_bytes).toBeLessThan(BIG / 2)
  },
)

test('a big answer over HTTP/2 that the client breaks off has no more bytes than were sent', async () => {
  const { app, log, port } = await serveHttp2((each) => {
    each.get('/', (_request, reply) => {
      reply.hijack()
      for (let n = 0; n < 50; n++) reply.raw.write(Buffer.alloc(BIG / 50))
    })
  })
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  const request = session.request({ ':path': '/' })
  request.on('error', () => {})
  await once(request, 'data')
  request.close(8)
  const [completed] = await log.completions(1)
  session.destroy()
  await app.close()
  expect(completed).toMatchObject({ status: 200, outcome: 'aborted' })
  expect(completed?.response_bytes).toBeLessThan(BIG / 2)
})

test.each([
  [
    'an unsupported media type',
    { method: 'POST', headers: { 'content-type': 'image/x-unknown', 'content-length': 1 } },
    'x',
    415,
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
  ],
  [
    'a body that is too large',
    { method: 'POST', headers: { 'content-type': 'text/plain', 'content-length': 2000 } },
    'x'.repeat(2000),
    413,
    'FST_ERR_CTP_BODY_TOO_LARGE',
  ],
  [
    'a body that is no JSON',
    { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': 1 } },
    '{',
    400,
    undefined,
  ],
])('%s is logged with the status that Fastify answers', async (_case, request, body, status, code) => {
  const { app, log, port } = await serve((each) => each.post('/', async () => 'ok'), {
    server: { bodyLimit: 1000 },
  })
  expect((await ask(port, '/', request, body)).status).toBe(status)
  await log.completions(1)
  await app.close()
  const error = code === undefined ? { message: expect.any(String) } : { code }
  expect(log.events('completed')).toMatchObject([
    { method: 'POST', path: '/', route: '/', status, outcome: 'completed', level: 'warn', error },
  ])
})

test('an unknown path or method is a 404, or a 405 if the app says so', async () => {
  const { app, log, port } = await serve((each) => {
    each.get('/', async () => '')
    each.put('/', (_request, reply) => reply.code(405).header('allow', 'GET').send())
  })
  await ask(port, '/nowhere')
  await ask(port, '/', { method: 'DELETE' })
  await ask(port, '/', { method: 'PUT' })
  await log.completions(3)
  await app.close()
  expect(log.events('completed').map(({ status, route, outcome }) => [status, route, outcome])).toEqual([
    [404, undefined, 'completed'],
    [404, undefined, 'completed'],
    [405, '/', 'completed'],
  ])
})
