import { once } from 'node:events'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import express from 'express'
import { type FastifyReply, fastify } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { waybill as middleware } from '../../src/express.js'
import { headerNamed, withHeader } from '../../src/http/response.js'
import waybill from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { listen } from '../support/http.js'

const header = headerNamed('X-Request-Id')

test.each([
  ['no headers', undefined, { 'X-Request-Id': 'abc' }],
  ['an object', { a: '1' }, { a: '1', 'X-Request-Id': 'abc' }],
  ['names and values in turns', ['a', '1'], ['a', '1', 'X-Request-Id', 'abc']],
  [
    'pairs',
    [['a', '1']],
    [
      ['a', '1'],
      ['X-Request-Id', 'abc'],
    ],
  ],
])('adds a header to %s', (_what, fields, expected) => {
  const before = structuredClone(fields)
  expect(withHeader(fields as never, header, 'abc')).toEqual(expected)
  expect(fields).toEqual(before)
})

test.each([
  ['an object', { 'x-request-ID': 'own' }],
  ['an object in lower case', { 'x-request-id': 'own' }],
  ['names and values in turns', ['a', 'x-request-id', 'X-REQUEST-ID', 'own']],
  ['pairs', [['X-Request-id', 'own']]],
])('leaves a header that %s has', (_what, fields) => {
  expect(withHeader(fields as never, header, 'abc')).toBe(fields)
})

type Raw = FastifyReply['raw']

test.each<[string, (raw: Raw) => void]>([
  ['with an object', (raw) => raw.writeHead(200, { a: '1' }).end()],
  ['with a reason and an object', (raw) => raw.writeHead(200, 'Fine', { a: '1' }).end()],
  ['with names and values in turns', (raw) => raw.writeHead(200, ['a', '1']).end()],
  ['behind a header that is set', (raw) => raw.setHeader('a', '1').writeHead(200).end()],
  [
    'behind a header that is set, and with names and values',
    (raw) => raw.setHeader('b', '2').writeHead(200, ['a', '1']).end(),
  ],
  ['by the end', (raw) => raw.setHeader('a', '1').end('text')],
  ['by the first write', (raw) => raw.setHeader('a', '1').write('text', () => raw.end())],
  [
    'by flushing the headers',
    (raw) => {
      raw.setHeader('a', '1').flushHeaders()
      raw.end()
    },
  ],
  [
    'with an object that inherits one',
    (raw) =>
      raw.writeHead(200, Object.assign(Object.create({ 'x-request-id': 'inherited' }), { a: '1' })).end(),
  ],
])('the id is sent with a head written %s, past the framework', async (_how, answer) => {
  const app = fastify()
  onTestFinished(() => app.close())
  await app.register(waybill, { destination: { write: () => {} } })
  app.get('/', (_request, reply) => {
    reply.hijack()
    answer(reply.raw)
  })
  const port = await listen(app)
  const { status, headers } = await fetch(`http://127.0.0.1:${port}/`, {
    headers: { 'x-request-id': 'my-own' },
  })
  expect([status, headers.get('a'), headers.get('x-request-id')]).toEqual([200, '1', 'my-own'])
})

test('a handler finds the id among the headers of its reply', async () => {
  const app = fastify()
  await app.register(waybill, { destination: { write: () => {} } })
  app.get('/', async (_request, reply) => ({ id: reply.getHeader('X-Request-Id') }))
  const answer = await app.inject({ url: '/', headers: { 'x-request-id': 'my-own' } })
  expect([answer.json(), answer.headers['x-request-id']]).toEqual([{ id: 'my-own' }, 'my-own'])
})

test.each<[string, (reply: FastifyReply) => unknown]>([
  ['on the reply', (reply) => reply.header('X-Request-Id', 'own').send('text')],
  ['on the reply of a stream', (reply) => reply.header('X-Request-Id', 'own').send(Readable.from(['text']))],
  [
    'on the raw response of a reply that is hijacked',
    (reply) => reply.hijack().raw.setHeader('X-Request-Id', 'own').end(),
  ],
  [
    'on the raw response of a reply that is sent',
    (reply) => {
      reply.raw.setHeader('X-Request-Id', 'own')
      return reply.send('text')
    },
  ],
])('an id header that a handler sets %s is the one sent', async (_where, answer) => {
  const app = fastify()
  onTestFinished(() => app.close())
  await app.register(waybill, { destination: { write: () => {} } })
  app.get('/', (_request, reply) => void answer(reply))
  const port = await listen(app)
  const { headers } = await fetch(`http://127.0.0.1:${port}/`)
  expect(headers.get('x-request-id')).toBe('own')
})

test('an Express response has the id only when its head is sent', async () => {
  const app = express()
  app.use(middleware({ destination: { write: () => {} } }))
  app.disable('x-powered-by')
  app.get('/', (_request, response) => void response.json(response.getHeaderNames()))
  const server = app.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-request-id': 'my-own' } })
  expect([await answer.json(), answer.headers.get('x-request-id')]).toEqual([[], 'my-own'])
})

test.each<[string, object, string]>([
  ['HTTP/1', {}, 'http1'],
  ['HTTP/2', { http2: true }, 'http2'],
])(
  'over %s, an id made by genReqId of a child context is used if it is valid',
  async (_name, options, via) => {
    const warnings: string[] = []
    const onWarning = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const log = new Capture()
    const app = fastify(options)
    onTestFinished(() => app.close())
    await app.register(waybill, { destination: log })
    const made: Record<string, unknown> = {
      text: 'of-its-own',
      number: 7,
      spaced: 'of its own',
      long: 'a'.repeat(129),
      broken: 'bad\nid',
      symbol: Symbol('id'),
      nothing: undefined,
    }
    for (const [name, id] of Object.entries(made)) {
      await app.register(async (context) => {
        context.setGenReqId(() => id as string)
        context.get(`/${name}`, async (request) => ({ id: request.id }))
      })
    }
    const port = await listen(app)
    const ids: Record<string, unknown> = {}
    for (const [index, name] of Object.keys(made).entries()) {
      const sent = await requestIdOf(via, port, `/${name}`)
      const completion = (await log.completions(index + 1)).at(-1)
      const start = log.events('started').at(-1)
      expect([start?.request_id, completion?.request_id]).toEqual([sent, sent])
      ids[name] = sent
    }
    expect(ids).toMatchObject({ text: 'of-its-own', number: '7' })
    for (const name of ['spaced', 'long', 'broken', 'symbol', 'nothing'])
      expect(ids[name]).toMatch(/^[0-9a-f-]{36}$/)
  },
)

async function requestIdOf(via: string, port: number, path: string): Promise<string | undefined> {
  if (via === 'http1')
    return (await fetch(`http://127.0.0.1:${port}${path}`)).headers.get('x-request-id') ?? undefined
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':path': path }).resume()
  const [headers] = await once(stream, 'response')
  await once(stream, 'close')
  session.close()
  return headers['x-request-id']
}
