import http from 'node:http'
import http2 from 'node:http2'
import express from 'express'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { waybill as middleware } from '../../src/express.js'
import waybillListener from '../../src/http.js'
import waybill from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { listenFor } from '../support/express.js'

const include = ['request_bytes'] as const
const BODY = Buffer.from('é\u00ff'.repeat(50), 'latin1')

async function post(port: number, type = 'application/octet-stream'): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: BODY, headers: { 'Content-Type': type } })
}

test.each(['latin1', 'hex', 'base64', 'base64url', 'utf16le'] as const)(
  'a body that is read as %s has the bytes that came',
  async (encoding) => {
    const log = new Capture()
    const listener = waybillListener(
      (request, response) => {
        request.setEncoding(encoding).on('data', () => {})
        request.on('end', () => response.end('ok'))
      },
      { include, destination: log },
    )
    await post(await listenFor(http.createServer(listener)))
    await log.completions(1)
    expect(log.events('completed')[0]).toMatchObject({ request_bytes: BODY.length })
  },
)

test('over HTTP/2, too', async () => {
  const log = new Capture()
  const server = http2.createServer(
    waybillListener<http2.Http2ServerRequest, http2.Http2ServerResponse>(
      (request, response) => {
        request.setEncoding('hex').on('data', () => {})
        request.on('end', () => response.end('ok'))
      },
      { include, destination: log },
    ),
  )
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const client = http2.connect(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
  client.request({ ':method': 'POST' }).end(BODY)
  await log.completions(1)
  client.close()
  server.close()
  expect(log.events('completed')[0]).toMatchObject({ request_bytes: BODY.length })
})

test('a body that nobody reads has none, although Node.js empties it', async () => {
  const log = new Capture()
  const listener = waybillListener((_request, response) => void setTimeout(() => response.end('ok'), 20), {
    include,
    destination: log,
  })
  await post(await listenFor(http.createServer(listener)))
  await log.completions(1)
  expect(log.events('completed')[0]).toMatchObject({ request_bytes: 0 })
})

test('of a body that was read before the middleware nothing is said', async () => {
  const log = new Capture()
  const app = express()
  app.use(express.raw())
  app.use(middleware({ include, destination: log }))
  app.post('/', (_request, response) => void response.send('ok'))
  await post(await listenFor(http.createServer(app)))
  await log.completions(1)
  expect(log.events('completed')[0]).toMatchObject({ status: 200 })
  expect(log.events('completed')[0]).not.toHaveProperty('request_bytes')
})

test('each of two apps that share a request counts', async () => {
  const log = new Capture()
  const [outer, inner] = [Fastify(), Fastify()]
  for (const app of [outer, inner]) {
    await app.register(waybill, { include, destination: log })
    app.removeAllContentTypeParsers()
  }
  inner.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null))
  inner.post('/', async () => 'ok')
  await inner.ready()
  outer.addContentTypeParser('*', (_request, _body, done) => done(null))
  outer.post('/', (request, reply) => {
    reply.hijack()
    inner.routing(request.raw, reply.raw)
  })
  await outer.listen({ port: 0, host: '127.0.0.1' })
  await post((outer.server.address() as { port: number }).port)
  await log.completions(2)
  await outer.close()
  expect(log.events('completed')).toMatchObject([
    { request_bytes: BODY.length },
    { request_bytes: BODY.length },
  ])
})
