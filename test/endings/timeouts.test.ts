import { expect, test } from 'vitest'
import { open, serve } from '../support/connection.js'
import { ask } from '../support/http.js'

test('a handler over its handlerTimeout is a timeout', async () => {
  const { app, log, port } = await serve((each) => {
    each.get('/', { handlerTimeout: 20 }, async () => new Promise(() => {}))
  })
  const { status } = await ask(port, '/')
  await log.completions(1)
  await app.close()
  expect(status).toBe(503)
  expect(log.events('completed')).toMatchObject([
    { status: 503, outcome: 'timeout', level: 'error', error: { code: 'FST_ERR_HANDLER_TIMEOUT' } },
  ])
})

test('a request on a connection that times out is a timeout', async () => {
  const { app, log, port } = await serve((each) => each.get('/', () => {}), {
    server: { connectionTimeout: 250 },
  })
  await expect(ask(port, '/')).rejects.toThrow('socket hang up')
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ status: 408, outcome: 'timeout', level: 'warn' }])
})

/** Makes Node.js look often for requests that take too long; a busy machine has the time to send the headers. */
const impatient = { requestTimeout: 250, http: { headersTimeout: 250, connectionsCheckingInterval: 20 } }
const TIMEOUT = {
  status: 408,
  outcome: 'timeout',
  level: 'warn',
  error: { code: 'ERR_HTTP_REQUEST_TIMEOUT' },
}

test('a request whose body never ends is a timeout', async () => {
  const { app, log, port } = await serve((each) => each.post('/', async () => ''), { server: impatient })
  const client = await open(port)
  client.send('POST / HTTP/1.1', 'Host: h', 'Content-Type: text/plain', 'Content-Length: 10', '', 'half')
  const answer = await client.closed()
  await app.close()
  expect(answer).toMatch(/^HTTP\/1.1 408 /)
  expect(log.events('started')).toHaveLength(1)
  expect(log.events('completed')).toMatchObject([{ method: 'POST', path: '/', route: '/', ...TIMEOUT }])
})

test('a header that never ends is a timeout, without method and path', async () => {
  const { app, log, port } = await serve(() => {}, { server: impatient })
  const client = await open(port)
  client.stream.write('GET / HTTP/1.1\r\nHost: h\r\nX-Never: en')
  const answer = await client.closed()
  await app.close()
  expect(answer).toMatch(/^HTTP\/1.1 408 /)
  expect(log.events('started')).toHaveLength(1)
  expect(log.events('completed')).toMatchObject([TIMEOUT])
  expect(log.events('completed')[0]).not.toHaveProperty('method')
})

test('a connection without any data logs no request', async () => {
  const { app, log, port } = await serve(() => {}, { server: impatient })
  const client = await open(port)
  const answer = await client.closed()
  await app.close()
  expect(answer).toMatch(/^HTTP\/1.1 408 /)
  expect(log.lines.map(({ message }) => message)).toEqual([expect.stringMatching(/^Server listening/)])
})

test('a handler that never answers stays open for as long as its client does', async () => {
  const { app, log, port } = await serve((each) => {
    each.get('/', () => {})
    each.get('/other', async () => '')
  })
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', '')
  await log.starts(1)
  await ask(port, '/other')
  expect((await log.completions(1)).map(({ path }) => path)).toEqual(['/other'])
  client.leaveByFin()
  await log.completions(2)
  await app.close()
  expect(log.events('completed')[1]).toMatchObject({ path: '/', status: 499, outcome: 'aborted' })
})

test('a connection that times out ends each of its requests as a timeout, also within an answer', async () => {
  const { app, log, port } = await serve(
    (each) => {
      each.get('/streams', (_request, reply) => {
        reply.hijack()
        reply.raw.write('begun')
      })
      each.get('/queued', () => {})
    },
    { server: { connectionTimeout: 250 } },
  )
  const client = await open(port)
  client.send('GET /streams HTTP/1.1', 'Host: h', '', 'GET /queued HTTP/1.1', 'Host: h', '')
  await client.closed()
  await log.completions(2)
  await app.close()
  const endings = log.events('completed').map(({ path, status, outcome }) => [path, status, outcome])
  expect(endings.sort()).toEqual([
    ['/queued', 408, 'timeout'],
    ['/streams', 200, 'timeout'],
  ])
})

test('an answer that was sent although the body never ended is completed', async () => {
  const { app, log, port } = await serve(
    (each) => {
      each.addContentTypeParser('*', (_request, _payload, done) => done(null))
      each.post('/', async () => {
        await new Promise((resolve) => each.server.once('clientError', resolve))
        return 'in time'
      })
    },
    { server: { ...impatient, clientErrorHandler: () => {} } },
  )
  const client = await open(port)
  client.send('POST / HTTP/1.1', 'Host: h', 'Content-Length: 10', '', 'half')
  await client.until('in time')
  await log.completions(1)
  client.leaveByRst()
  await app.close()
  expect(log.events('completed')).toMatchObject([{ status: 200, outcome: 'completed' }])
})
