import { expect, test } from 'vitest'
import { startApp } from '../support/app.js'
import { expectCpuWithin, expectCpuWithinAsync } from '../support/cpu.js'

const thrower = () => {
  throw new Error('no')
}
const LONG = 'x'.repeat(50_000_000)
const proxy = new Proxy({}, { get: thrower, ownKeys: thrower, getPrototypeOf: thrower, has: thrower })
const circular = new Error('circular')
circular.cause = new AggregateError([circular], 'all')
const MANY = Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`key_${at}`, at]))

const VALUES: [string, unknown][] = [
  ['an error whose message throws', Object.defineProperty(new Error('x'), 'message', { get: thrower })],
  ['an error with symbols', Object.assign(new Error('x'), { name: Symbol('n'), code: Symbol('c') })],
  ['an error with a class without a name', Object.assign(new Error('x'), { constructor: { name: thrower } })],
  ['an error with 50 MB', new Error(LONG)],
  ['50 MB', LONG],
  ['bytes', Buffer.alloc(50_000_000)],
  ['a long list', Array(1_000_000).fill('x')],
  ['an error caused by bytes', new Error('x', { cause: Buffer.alloc(50_000_000) })],
  ['a proxy', proxy],
  ['an error caused by a proxy', new Error('x', { cause: proxy })],
  ['an error that causes itself', circular],
  ['an error made of a million', new AggregateError(Array(1_000_000).fill(new Error('one')))],
  ['an object with very many keys', MANY],
]

test.each(VALUES)('%s loses no request and no line, and takes little time', async (_name, value) => {
  const { app, log } = await startApp()
  app.get('/thrown', async () => Promise.reject(value))
  app.get('/failed', async (request, reply) => {
    for (let at = 0; at < 3; at++) request.waybill.fail(value)
    return reply.code(500).send('no')
  })
  app.get('/added', async (request) => {
    request.waybill.add({ value })
    request.waybill.add(Object(value))
    return 'ok'
  })
  await expectCpuWithinAsync(5000, async () => {
    log.raw.length = 0
    const { statusCode: failed } = await app.inject('/failed')
    const { statusCode: added } = await app.inject('/added')
    expect([failed, added]).toEqual([500, 200])
    expect(log.events('completed')).toMatchObject([
      { path: '/failed', status: 500, error: { type: expect.any(String), message: expect.any(String) } },
      { path: '/added', status: 200 },
    ])
    await app.inject('/thrown')
    expect(log.events('completed')).toHaveLength(3)
  })
})

test('fail() called very often keeps the latest error', async () => {
  const { app, log } = await startApp()
  app.get('/', async (request, reply) => {
    for (let at = 0; at < 100_000; at++) request.waybill.fail(new Error(`error ${at}`))
    return reply.code(500).send('no')
  })
  await expectCpuWithinAsync(5000, async () => {
    log.raw.length = 0
    await app.inject('/')
    const [{ error } = {}] = log.events('completed') as { error?: Record<string, string> }[]
    expect(error?.message).toBe('error 99999')
  })
})

test('very many keys added after the completion take little time', async () => {
  const { app } = await startApp()
  let late: () => void = thrower
  app.get('/', async (request) => {
    late = () => request.waybill.add(MANY)
    return 'ok'
  })
  await app.inject('/')
  expectCpuWithin(1000, late)
})
