import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { expect, test } from 'vitest'
import type { Capture, Line } from '../support/capture.js'
import { open, serve, serveHttp2 } from '../support/connection.js'

/** The only completion, of a request of which nothing is known but how it was answered. */
function onlyUnparsed(log: Capture): Line | undefined {
  expect(log.events('started')).toHaveLength(1)
  const [started] = log.events('started')
  const [completed, ...others] = log.events('completed')
  expect(others).toEqual([])
  for (const line of [started, completed]) {
    for (const key of ['method', 'path', 'route', 'duration_ms', 'response_bytes'])
      expect(line).not.toHaveProperty(key)
  }
  expect(started).toEqual({
    timestamp: expect.any(String),
    level: 'info',
    event: 'request.started',
    request_id: completed?.request_id,
    message: 'unparsed request',
  })
  return completed
}

test.each([
  ['what is no HTTP', ['hello there', ''], 400, 'HPE_INVALID_METHOD'],
  [
    'a header without a colon',
    ['GET / HTTP/1.1', 'Host: h', 'nonsense', ''],
    400,
    'HPE_INVALID_HEADER_TOKEN',
  ],
  [
    'a Content-Length that is no number',
    ['POST / HTTP/1.1', 'Host: h', 'Content-Length: 1x', ''],
    400,
    'HPE_INVALID_CONTENT_LENGTH',
  ],
  [
    'two Content-Lengths',
    ['POST / HTTP/1.1', 'Host: h', 'Content-Length: 1', 'Content-Length: 2', ''],
    400,
    'HPE_UNEXPECTED_CONTENT_LENGTH',
  ],
  [
    'a header that is too long',
    ['GET / HTTP/1.1', 'Host: h', `X-Long: ${'x'.repeat(20_000)}`, ''],
    431,
    'HPE_HEADER_OVERFLOW',
  ],
])('%s is rejected, with its status and error code only', async (_case, lines, status, code) => {
  const { app, log, port } = await serve((each) => each.get('/', async () => ''))
  const client = await open(port)
  client.send(...lines)
  const answer = await client.closed()
  await app.close()
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(onlyUnparsed(log)).toEqual({
    timestamp: expect.any(String),
    level: 'warn',
    event: 'request.completed',
    request_id: expect.any(String),
    status,
    outcome: 'rejected',
    error: { code },
    message: `unparsed request ${status} rejected`,
  })
})

test('a request that can not be parsed is logged with the address of its client', async () => {
  const { app, log, port } = await serve(() => {}, {
    options: { include: ['client_ip', 'query', 'header:cookie'] },
  })
  const client = await open(port)
  client.send('GET /?token=secret HTTP/1.1', 'Cookie secret', '')
  await client.closed()
  await app.close()
  expect(log.events('completed')).toMatchObject([{ client_ip: '127.0.0.1', outcome: 'rejected' }])
  expect(log.raw.join('')).not.toContain('secret')
})

test('a head that a client breaks off is rejected, with the status of its answer', async () => {
  const { app, log, port } = await serve(() => {})
  const client = await open(port)
  client.stream.write('GET / HTTP/1.1\r\nHost')
  client.leaveByFin()
  expect(await client.closed()).toMatch(/^HTTP\/1.1 400 /)
  await app.close()
  expect(onlyUnparsed(log)).toMatchObject({ status: 400, error: { code: 'HPE_INVALID_EOF_STATE' } })
})

test.each([
  [400, 420],
  [500, 420],
])('the lines about one byte that is answered with %i are short', async (status, most) => {
  const { app, log, port } = await serve(() => {}, {
    server: { clientErrorHandler: (_error, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`) },
  })
  const client = await open(port)
  client.stream.write('x')
  client.leaveByFin()
  await client.closed()
  await app.close()
  expect(onlyUnparsed(log)).toMatchObject({ status, error: { code: 'HPE_INVALID_METHOD' } })
  const events = log.raw.filter((line) => line.includes('"event":"request.'))
  expect(events.join('').length).toBeLessThanOrEqual(most)
})

test("the status that the app's own clientErrorHandler answers is logged", async () => {
  const { app, log, port } = await serve(() => {}, {
    server: { clientErrorHandler: (_error, socket) => socket.end('HTTP/1.1 418 Teapot\r\n\r\n') },
  })
  const client = await open(port)
  client.send('nonsense', '')
  expect(await client.closed()).toMatch(/^HTTP\/1.1 418 /)
  await app.close()
  expect(onlyUnparsed(log)).toMatchObject({ status: 418, outcome: 'rejected' })
})

test('a body that can not be parsed rejects its request', async () => {
  const { app, log, port } = await serve((each) => each.post('/', async () => ''))
  const client = await open(port)
  client.send(
    'POST / HTTP/1.1',
    'Host: h',
    'Content-Type: text/plain',
    'Transfer-Encoding: chunked',
    '',
    'zz',
  )
  expect(await client.closed()).toMatch(/^HTTP\/1.1 400 /)
  await app.close()
  expect(log.events('started')).toHaveLength(1)
  expect(log.events('completed')).toMatchObject([
    {
      method: 'POST',
      path: '/',
      route: '/',
      status: 400,
      outcome: 'rejected',
      error: { code: 'HPE_INVALID_CHUNK_SIZE' },
    },
  ])
})

test('a body that can not be parsed after the answer has begun breaks the answer off', async () => {
  const { app, log, port } = await serve((each) => {
    each.addContentTypeParser('*', (_request, _payload, done) => done(null))
    each.post('/', (_request, reply) => {
      reply.hijack()
      reply.raw.write('begun')
    })
  })
  const client = await open(port)
  client.send('POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked', '')
  await client.until('begun')
  client.send('zz')
  await client.closed()
  await app.close()
  expect(log.events('completed')).toMatchObject([
    { path: '/', status: 200, outcome: 'destroyed', error: { code: 'HPE_INVALID_CHUNK_SIZE' } },
  ])
})

test('nonsense sent behind an open request is rejected, and the request broken off', async () => {
  const { app, log, port } = await serve((each) => each.get('/', () => {}))
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', '', 'nonsense', '')
  await client.closed()
  await app.close()
  expect(log.events('started')).toHaveLength(2)
  const [rejected, brokenOff] = log.events('completed')
  expect(rejected).toMatchObject({ status: 400, outcome: 'rejected', error: { code: 'HPE_INVALID_METHOD' } })
  expect(rejected).not.toHaveProperty('path')
  expect(brokenOff).toMatchObject({ path: '/', outcome: 'destroyed', error: { code: 'HPE_INVALID_METHOD' } })
  expect(brokenOff).not.toHaveProperty('status')
})

test('a connection that is reset, or fails its TLS handshake, logs no request', async () => {
  const plain = await serve(() => {})
  const idle = await open(plain.port)
  idle.leaveByRst()
  await idle.closed()
  await plain.app.close()
  const secure = await serve(() => {}, { protocol: 'HTTPS' })
  const confused = await open(secure.port)
  confused.send('GET / HTTP/1.1', 'Host: h', '')
  await confused.closed()
  await secure.app.close()
  for (const { log } of [plain, secure]) expect(log.lines.filter(({ event }) => event)).toEqual([])
})

test('a request without Host is rejected by Node.js, with its id', async () => {
  const { app, log, port } = await serve((each) => each.get('/', async () => ''))
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'X-Request-Id: abc', '')
  expect(await client.closed()).toMatch(/^HTTP\/1.1 400 [\s\S]*X-Request-Id: abc\r\n/)
  await app.close()
  expect(log.events('completed')).toMatchObject([
    {
      request_id: 'abc',
      method: 'GET',
      path: '/',
      status: 400,
      outcome: 'rejected',
      level: 'warn',
      response_bytes: 0,
    },
  ])
})

test('an unsupported Expect header is rejected by Node.js', async () => {
  const { app, log, port } = await serve((each) => each.get('/', async () => ''))
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', 'Expect: the-impossible', 'X-Request-Id: abc', '')
  await client.until('\r\n\r\n')
  client.leaveByFin()
  await app.close()
  expect(client.received).toMatch(/^HTTP\/1.1 417 [\s\S]*X-Request-Id: abc\r\n/)
  expect(log.events('completed')).toMatchObject([{ path: '/', status: 417, outcome: 'rejected' }])
})

test('an unsupported Expect header is rejected over HTTP/2', async () => {
  const { app, log, port } = await serveHttp2((each) => each.get('/', async () => ''))
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  const request = session.request({ ':path': '/', expect: 'the-impossible' })
  const [headers] = await once(request, 'response')
  request.resume()
  await log.completions(1)
  session.destroy()
  await app.close()
  expect(headers[':status']).toBe(417)
  expect(log.events('completed')).toMatchObject([{ path: '/', status: 417, outcome: 'rejected' }])
})

test('an Expect header that the app answers itself is logged as answered', async () => {
  const { app, log, port } = await serve((each) => {
    each.server.on('checkExpectation', (_request, response) => response.writeHead(200).end('met'))
  })
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', 'Expect: the-possible', 'Connection: close', '')
  expect(await client.closed()).toMatch(/^HTTP\/1.1 200 /)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ path: '/', status: 200, outcome: 'completed' }])
})

test('a request over the limit of its connection is rejected by Node.js', async () => {
  const { app, log, port } = await serve((each) => each.get('/', async () => ''), {
    server: { maxRequestsPerSocket: 1 },
  })
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', '', 'GET / HTTP/1.1', 'Host: h', '')
  await log.completions(2)
  client.leaveByFin()
  await app.close()
  expect(log.events('completed')).toMatchObject([
    { status: 200, outcome: 'completed' },
    { status: 503, outcome: 'rejected', level: 'error' },
  ])
})
