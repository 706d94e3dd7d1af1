import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { expect, test } from 'vitest'
import waybill from '../../src/index.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'
import { open, serve } from '../support/connection.js'
import { ask, listen } from '../support/http.js'

function pathsOf(log: Capture): unknown[] {
  return log.events('completed').map(({ path }) => path)
}

test('each of several apps in one process logs its own requests only, also those without a route', async () => {
  const first = await serve((app) => app.get('/first', async () => ''))
  const second = await serve((app) => app.get('/second', async () => ''))
  await ask(first.port, '/first')
  await ask(second.port, '/second')
  await ask(first.port, '/%zz1')
  const client = await open(second.port)
  client.send('nonsense', '')
  await client.closed()
  await first.log.completions(2)
  await second.log.completions(2)
  await Promise.all([first.app.close(), second.app.close()])
  expect(pathsOf(first.log)).toEqual(['/first', '/%zz1'])
  expect(pathsOf(second.log)).toEqual(['/second', undefined])
})

test('a request that one app passes to another is logged by the app that answers it', async () => {
  const inner = await startApp()
  inner.app.get('/', async () => 'inner')
  await inner.app.ready()
  const outer = await serve((app) => {
    app.get('/', (incoming, reply) => {
      reply.hijack()
      inner.app.routing(incoming.raw, reply.raw)
    })
  })
  expect((await ask(outer.port, '/')).body).toBe('inner')
  await outer.log.completions(1)
  await inner.log.completions(1)
  await Promise.all([outer.app.close(), inner.app.close()])
  const completed = { status: 200, outcome: 'completed', response_bytes: 'inner'.length }
  expect(outer.log.events('completed')).toMatchObject([completed])
  expect(inner.log.events('completed')).toMatchObject([completed])
})

test('logs requests over a unix socket', async () => {
  const { app, log } = await startApp({ include: ['client_ip'] })
  app.get('/', async () => 'ok')
  const folder = mkdtempSync(join(tmpdir(), 'waybill-'))
  const path = join(folder, 'socket')
  await app.listen({ path })
  const asked = request({ socketPath: path, path: '/' }).end()
  const [response] = await once(asked, 'response')
  response.resume()
  await log.completions(1)
  await app.close()
  rmSync(folder, { recursive: true })
  expect(log.events('completed')).toMatchObject([{ route: '/', status: 200, outcome: 'completed' }])
  expect(log.events('completed')[0]).not.toHaveProperty('client_ip')
})

async function declareErrors(app: FastifyInstance): Promise<void> {
  app.get('/users/:id', async () => 'ok')
  app.get('/boom', async () => {
    throw new Error('boom')
  })
}

test.each([
  ['an answer', '/users/1', { status: 200, route: '/users/:id', outcome: 'completed', response_bytes: 2 }],
  ['a 404', '/nowhere', { status: 404, outcome: 'completed' }],
  ['an error', '/boom', { status: 500, outcome: 'completed', level: 'error' }],
  [
    'a URL that can not be decoded',
    '/%zz?token=secret',
    { status: 400, path: '/%zz', outcome: 'rejected', level: 'warn' },
  ],
  ['a parameter that is too long', `/users/${'x'.repeat(200)}`, { status: 414, outcome: 'rejected' }],
])('inject(): %s has both events and the id', async (_case, url, expected) => {
  const { app, log } = await startApp()
  await declareErrors(app)
  const answer = await app.inject({ url, headers: { 'x-request-id': 'abc' } })
  await app.close()
  expect(answer.headers['x-request-id']).toBe('abc')
  expect(log.events('started')).toMatchObject([{ request_id: 'abc' }])
  expect(log.events('completed')).toMatchObject([{ request_id: 'abc', ...expected }])
  expect(log.raw.join('')).not.toContain('secret')
})

test.each([
  ['a URL that can not be decoded', '/%zz'],
  ['a parameter that is too long', `/users/${'x'.repeat(200)}`],
])('Fastify answers %s as without waybill', async (_case, url) => {
  const bare = Fastify()
  await declareErrors(bare)
  const { app } = await startApp({ requestId: { responseHeader: false } })
  await declareErrors(app)
  const answers = await Promise.all([bare.inject(url), app.inject(url)])
  await Promise.all([bare.close(), app.close()])
  const [expected, answer] = answers.map(({ statusCode, headers: { date: _, ...headers }, body }) => ({
    statusCode,
    headers,
    body,
  }))
  expect(answer).toEqual(expected)
})

test('a bad URL that the app answers itself is rejected, with the status it answered', async () => {
  const log = new Capture()
  const app = Fastify({
    frameworkErrors: (error, _request, reply) => (reply as FastifyReply).code(422).send(error.code),
  })
  await app.register(waybill, { destination: log })
  app.get('/users/:id', async () => '')
  const { status, body } = await ask(await listen(app), '/%zz')
  await log.completions(1)
  await app.close()
  expect([status, body]).toEqual([422, 'FST_ERR_BAD_URL'])
  expect(log.events('completed')).toMatchObject([{ path: '/%zz', status: 422, outcome: 'rejected' }])
})

test('registered in an encapsulated context, waybill logs inject() on its routes only', async () => {
  const log = new Capture()
  const app = Fastify()
  app.get('/outside', async () => '')
  await app.register(async (inner) => {
    await inner.register(waybill, { destination: log })
    inner.get('/inside', async () => '')
  })
  for (const path of ['/inside', '/outside', '/%zz', '/nowhere']) await app.inject(path)
  await app.close()
  expect(pathsOf(log)).toEqual(['/inside'])
})
