import http from 'node:http'
import http2 from 'node:http2'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import waybillListener from '../../src/http.js'
import type { Options, ResponseView } from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { listenFor } from '../support/express.js'

// What is said of the head of a response: what was sent, and nothing else.

function setup(include: Options['include'] = []) {
  const log = new Capture()
  const views: ResponseView[] = []
  const fields = (_request: unknown, response: ResponseView): object => {
    views.push({ status: response.status, headers: response.headers })
    return {}
  }
  return { log, views, options: { include, fields, destination: log } }
}

async function listenHttp2(server: http2.Http2Server): Promise<http2.ClientHttp2Session> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = http2.connect(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
  onTestFinished(() => {
    client.close()
    server.close()
  })
  return client
}

test('of a request whose client left before the answer there is no head', async () => {
  const { log, views, options } = setup(['response:x-a', 'first_byte_ms'])
  const port = await listenFor(
    http.createServer(
      waybillListener((_request, response) => {
        response.setHeader('X-A', 'b')
        socket.destroy()
        response.socket?.once('close', () => response.writeHead(200))
      }, options),
    ),
  )
  const socket = connect(port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await log.completions(1)
  expect(log.events('completed')).toMatchObject([{ status: 499, outcome: 'aborted' }])
  expect(log.events('completed')[0]).not.toHaveProperty('response:x-a')
  expect(views).toEqual([{ status: undefined, headers: {} }])
})

test('trailers and early hints are no part of it, and repeated headers are', async () => {
  const { log, views, options } = setup([
    'response:x-a',
    'response:x-t',
    'response:link',
    'response:set-cookie',
  ])
  const port = await listenFor(
    http.createServer(
      waybillListener((_request, response) => {
        response.writeEarlyHints({ link: '</a.css>; rel=preload' })
        response.setHeader('Set-Cookie', ['a=1', 'b=2'])
        response.writeHead(200, { 'X-A': ['1', '2'], Trailer: 'X-T' }).write('x')
        response.addTrailers({ 'X-T': 'late' })
        response.end()
      }, options),
    ),
  )
  await (await fetch(`http://127.0.0.1:${port}/`)).text()
  await log.completions(1)
  const completed = log.events('completed')[0]
  expect(completed).toMatchObject({ 'response:x-a': '1, 2', 'response:set-cookie': 'a=1, b=2' })
  expect(completed).not.toHaveProperty('response:x-t')
  expect(completed).not.toHaveProperty('response:link')
  expect(views[0]?.headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-a': ['1', '2'] })
})

test('an answer on the HTTP/2 stream itself has its headers, without those that begin with a colon', async () => {
  const { log, views, options } = setup(['response:x-a'])
  const server = http2.createServer(
    waybillListener<http2.Http2ServerRequest, http2.Http2ServerResponse>((_request, { stream }) => {
      stream.respond({ ':status': 201, 'X-A': 'raw' })
      stream.end('x')
    }, options),
  )
  const client = await listenHttp2(server)
  client.request({ ':path': '/' }).resume().end()
  await log.completions(1)
  expect(log.events('completed')).toMatchObject([{ status: 201, 'response:x-a': 'raw' }])
  expect(views).toEqual([{ status: 201, headers: { 'x-a': 'raw', date: expect.any(String) } }])
})

test('a name that all objects have is no header', async () => {
  const { log, options } = setup(['response:constructor', 'header:constructor'])
  const port = await listenFor(
    http.createServer(waybillListener((_request, response) => response.end('x'), options)),
  )
  await (await fetch(`http://127.0.0.1:${port}/`)).text()
  await log.completions(1)
  expect(log.raw.join('')).not.toContain('constructor')
})

test('a header of the response is redacted by its name in any letter case', async () => {
  const { log, options } = setup(['response:x-secret'])
  const port = await listenFor(
    http.createServer(
      waybillListener((_request, response) => void response.writeHead(200, { 'X-Secret': 'hush' }).end(), {
        ...options,
        redact: ['response.X-Secret'],
      }),
    ),
  )
  await (await fetch(`http://127.0.0.1:${port}/`)).text()
  await log.completions(1)
  expect(log.events('completed')).toMatchObject([{ 'response:x-secret': '[redacted]' }])
})

test('where parts of paths are redacted, no header that leads elsewhere shows them', async () => {
  const headers = ['location', 'content-location', 'refresh', 'link'] as const
  const { log, options } = setup(headers.map((name) => `response:${name}` as const))
  const port = await listenFor(
    http.createServer(
      waybillListener(
        (_request, response) => {
          const to = '/reset/S3CRET/done'
          response.writeHead(302, {
            location: `https://shop.example${to}`,
            'content-location': to,
            refresh: `0; url=${to}`,
            link: `<${to}>; rel=next`,
          })
          response.end()
        },
        { ...options, redact: ['path.token'] },
      ),
    ),
  )
  await fetch(`http://127.0.0.1:${port}/reset/S3CRET`, { redirect: 'manual' })
  await log.completions(1)
  expect(log.raw.join('')).not.toContain('S3CRET')
  expect(log.events('completed')).toMatchObject([{ 'response:location': 'https://shop.example' }])
})
