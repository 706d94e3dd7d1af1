import { createReadStream } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { pipeline, Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { expect, test } from 'vitest'
import { open, PROTOCOLS, serve, serveHttp2 } from '../support/connection.js'

type Handler = (reply: FastifyReply) => void

/** A stream that fails, at once or when it has begun. */
function failing(begun: boolean): Readable {
  return Readable.from(
    (async function* () {
      if (begun) yield 'begun'
      await new Promise(setImmediate)
      throw new Error('the source is gone')
    })(),
  )
}

function hijacked(act: (raw: FastifyReply['raw']) => void): Handler {
  return (reply) => {
    reply.hijack()
    act(reply.raw)
  }
}

const FINISHED: [string, Handler, number][] = [
  ['a reply that is hijacked and finished', hijacked((raw) => raw.end('by hand')), 7],
  ['a reply that is written raw', (reply) => reply.raw.writeHead(200).end('raw'), 3],
  ['a stream', (reply) => reply.send(Readable.from(['a ', 'stream'])), 8],
  ['a web stream', (reply) => reply.send(new Response('web').body), 3],
]

const BROKEN: [string, Handler, object][] = [
  [
    'a stream that fails after its headers',
    (reply) => reply.send(failing(true)),
    { status: 200, response_bytes: 5, error: { message: 'the source is gone' } },
  ],
  [
    'a response that is destroyed when it has begun',
    hijacked((raw) => raw.write('begun', () => raw.destroy())),
    { status: 200, response_bytes: 5 },
  ],
  [
    'a response that is destroyed with an error',
    hijacked((raw) => raw.write('begun', () => raw.destroy(new RangeError('no more')))),
    { status: 200, error: { type: 'RangeError', message: 'no more' } },
  ],
  [
    'a response that is destroyed before its headers',
    hijacked((raw) => raw.destroy()),
    { response_bytes: 0 },
  ],
]

function declare(handle: Handler): (app: FastifyInstance) => unknown {
  return (app) => app.get('/', (_request, reply) => handle(reply))
}

test.each(FINISHED)('%s is completed', async (_case, handle, bytes) => {
  const { app, log, port } = await serve(declare(handle))
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', 'Connection: close', '')
  await client.closed()
  await app.close()
  expect(log.events('started')).toHaveLength(1)
  expect(log.events('completed')).toMatchObject([
    { route: '/', status: 200, outcome: 'completed', response_bytes: bytes },
  ])
})

test.each(BROKEN.flatMap((each) => PROTOCOLS.map((protocol) => [protocol, ...each] as const)))(
  '%s: %s is broken off by the server',
  async (protocol, _case, handle, expected) => {
    const { app, log, port } = await serve(declare(handle), { protocol })
    const client = await open(port, protocol)
    client.send('GET / HTTP/1.1', 'Host: h', '')
    await client.closed()
    await log.completions(1)
    await app.close()
    expect(log.events('started')).toHaveLength(1)
    expect(log.events('completed')).toMatchObject([{ route: '/', outcome: 'destroyed', ...expected }])
    if (!('status' in expected)) expect(log.events('completed')[0]).not.toHaveProperty('status')
  },
)

test.each(BROKEN)('HTTP/2: %s is broken off by the server', async (_case, handle, expected) => {
  const { app, log, port } = await serveHttp2(declare(handle))
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  const request = session.request({ ':path': '/' })
  request.on('error', () => {})
  request.resume()
  await new Promise((resolve) => request.once('close', resolve))
  await log.completions(1)
  session.destroy()
  await app.close()
  expect(log.events('completed')).toMatchObject([{ route: '/', outcome: 'destroyed', ...expected }])
})

test('a connection that a handler destroys is broken off by the server', async () => {
  const { app, log, port } = await serve(declare(({ raw }) => raw.socket?.destroy()))
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', '')
  await client.closed()
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ outcome: 'destroyed', response_bytes: 0 }])
})

test('a stream that fails before its headers is a 500', async () => {
  const { app, log, port } = await serve(declare((reply) => reply.send(failing(false))))
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', 'Connection: close', '')
  expect(await client.closed()).toMatch(/^HTTP\/1.1 500 /)
  await app.close()
  expect(log.events('completed')).toMatchObject([
    { status: 500, outcome: 'completed', level: 'error', error: { message: 'the source is gone' } },
  ])
})

test('a hijacked reply that is never sent stays open until its client leaves', async () => {
  const { app, log, port } = await serve(declare((reply) => reply.hijack()))
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', '')
  await log.starts(1)
  client.leaveByFin()
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ route: '/', status: 499, outcome: 'aborted' }])
})

test('a response destroyed by an error of a file or another connection does not count as aborted', async () => {
  const { app, log, port } = await serve(
    declare(
      hijacked((raw) => {
        pipeline(createReadStream('/nonexistent'), raw, () => {})
      }),
    ),
  )
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', '')
  await client.closed()
  await log.completions(1)
  await app.close()
  expect(log.events('completed')).toMatchObject([{ outcome: 'destroyed', error: { code: 'ENOENT' } }])
})

test('a stream that fails while the service closes is destroyed, not unfinished', async () => {
  const source = new Readable({ read() {} })
  const { app, log, port } = await serve(
    declare((reply) => reply.send(source)),
    {
      server: { forceCloseConnections: false },
    },
  )
  source.push('begun')
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', '')
  await client.until('begun')
  const closed = app.close()
  while (app.server.listening) await new Promise(setImmediate)
  source.destroy(new Error('the source is gone'))
  await log.completions(1)
  await closed
  expect(log.events('completed')).toMatchObject([
    { outcome: 'destroyed', error: { message: 'the source is gone' } },
  ])
})
