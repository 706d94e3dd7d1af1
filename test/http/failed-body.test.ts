import express from 'express'
import express4 from 'express4'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import waybill, { type Options } from '../../src/index.js'
import { startApp } from '../support/app.js'
import { serveExpress } from '../support/express.js'

const failedBody = { keys: ['sku', 'quantity', 'password', 'nested', 'absent'] }
const BODY = {
  sku: 'tea',
  quantity: 2,
  password: 'hunter2',
  other: 'private',
  nested: { token: 'tea-leaf', deep: [1] },
}
const SHOWN = {
  sku: 'tea',
  quantity: 2,
  password: '[redacted]',
  nested: { token: '[redacted]', deep: [1] },
}

test('Fastify: a failed request shows the named keys of its body, others show none', async () => {
  const { app, log } = await startApp({ failedBody })
  app.post('/:status', async (request, reply) =>
    reply.code(Number((request.params as { status: string }).status)).send('x'),
  )
  for (const status of [200, 302, 422, 500])
    await app.inject({ method: 'POST', url: `/${status}`, payload: BODY })
  expect(log.events('completed').map(({ body }) => body)).toEqual([undefined, undefined, SHOWN, SHOWN])
  expect(log.raw.join('')).not.toMatch(/hunter2|private|tea-leaf/)
})

test.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('%s: a failed request shows the named keys of its body', async (_name, create) => {
  const { log, get } = await serveExpress(
    create,
    (app) => {
      app.use((request, _response, next) => {
        request.body = BODY
        next()
      })
      app.get('/', (_request, response) => void response.status(500).send('x'))
    },
    { failedBody },
  )
  await get('/')
  await log.completions(1)
  expect(log.events('completed')[0]).toMatchObject({ body: SHOWN })
})

test.each([
  ['a text', 'sku=tea'],
  ['a list', ['sku']],
  ['nothing', undefined],
  ['bytes', Buffer.from('sku')],
  ['an object without these keys', { other: 1 }],
])('a body that is %s is not shown', async (_what, body) => {
  const { app, log } = await startApp({ failedBody })
  app.get('/', async (request, reply) => {
    request.body = body
    return reply.code(500).send('x')
  })
  await app.inject('/')
  expect(log.events('completed')[0]).not.toHaveProperty('body')
})

test('a body takes no more bytes than it may, and is marked if it was cut', async () => {
  const { app, log } = await startApp({ failedBody: { keys: ['a', 'b'], maxBytes: 200 } })
  app.post('/', async (_request, reply) => reply.code(500).send('x'))
  await app.inject({ method: 'POST', url: '/', payload: { a: 'é'.repeat(5000), b: '日'.repeat(5000) } })
  const { body } = log.events('completed')[0] ?? {}
  expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThanOrEqual(200)
  expect(body).toMatchObject({ truncated: true, a: expect.stringMatching(/^é+$/) })
})

test('what a handler added as body stays, and a body that throws costs nothing', async () => {
  const { app, log } = await startApp({ failedBody })
  app.get('/added', async (request, reply) => {
    request.body = BODY
    request.waybill.add({ body: 'mine' })
    return reply.code(500).send('x')
  })
  app.get('/throws', async (request, reply) => {
    request.body = new Proxy(
      {},
      {
        getOwnPropertyDescriptor() {
          throw new Error('broken')
        },
      },
    )
    return reply.code(500).send('x')
  })
  await app.inject('/added')
  await app.inject('/throws')
  expect(log.events('completed').map(({ status, body }) => [status, body])).toEqual([
    [500, 'mine'],
    [500, undefined],
  ])
})

test.each<[Options, string, string]>([
  [{ failedBody: ['sku'] as never }, 'failedBody', 'must be an object with keys'],
  [{ failedBody: {} as never }, 'failedBody.keys', 'must be an array of keys, one at least, got undefined'],
  [{ failedBody: { keys: [] } }, 'failedBody.keys', 'must be an array of keys, one at least'],
  [{ failedBody: { keys: ['a', 'a'] } }, 'failedBody.keys', '"a" twice'],
  [
    { failedBody: { keys: ['a'], maxBytes: 10 } },
    'failedBody.maxBytes',
    'must be a whole number of bytes from 64 to 4096, got 10',
  ],
  [
    { failedBody: { keys: ['a'], maxbytes: 10 } as never },
    'failedBody.maxbytes',
    'did you mean "failedBody.maxBytes"?',
  ],
])('%o is refused', async (options, option, words) => {
  await expect(Fastify().register(waybill, options)).rejects.toMatchObject({
    option,
    message: expect.stringContaining(words),
  })
})
