import Fastify from 'fastify'
import { multistream } from 'pino'
import { expect, test } from 'vitest'
import waybill, { createLogger } from '../../src/index.js'
import { Capture } from '../support/capture.js'

test('a destination of several streams gets each line by its level', async () => {
  const all = new Capture()
  const errors = new Capture()
  const destination = multistream([
    { level: 'info', stream: all },
    { level: 'error', stream: errors },
  ])
  const app = Fastify()
  await app.register(waybill, { destination })
  app.get('/', async (request) => {
    request.log.error('broken')
    return 'ok'
  })
  app.get('/fail', async (_, reply) => reply.code(500).send('no'))
  await app.inject('/')
  await app.inject('/fail')
  expect(all.lines).toHaveLength(5)
  expect(errors.lines.map(({ message }) => String(message).replace(/[\d.]+ms/, 'ms'))).toEqual([
    'broken',
    'GET /fail 500 ms',
  ])
})

test('a destination with pino.metadata gets the level, object and message of each line', async () => {
  const told: Record<string, unknown>[] = []
  const destination = {
    [Symbol.for('pino.metadata')]: true,
    write(this: Record<string, unknown>, line: string) {
      told.push({ ...this, line: JSON.parse(line) })
    },
  }
  const app = Fastify()
  await app.register(waybill, { destination })
  app.get('/:id', async (request) => {
    request.waybill.add({ user: 7 })
    request.log.warn({ part: 1 }, 'between')
    return 'ok'
  })
  await app.inject('/42')
  expect(told.map(({ lastLevel }) => lastLevel)).toEqual([30, 40, 30])
  expect(told.map(({ lastMsg, line }) => lastMsg === (line as { message: string }).message)).toEqual([
    true,
    true,
    true,
  ])
  expect(told.map(({ lastObj }) => lastObj)).toMatchObject([
    { event: 'request.started', path: '/42' },
    { part: 1 },
    { event: 'request.completed', status: 200, user: 7 },
  ])
  for (const { lastTime, line } of told)
    expect(new Date(Number(lastTime)).toISOString()).toBe((line as { timestamp: string }).timestamp)
})

test('onChild is given a child that has its bindings', () => {
  const logger = createLogger({ destination: new Capture() })
  const children: unknown[] = []
  logger.onChild = (child) => void children.push(child.bindings())
  logger.child({ part: 'a' }).child({ more: 1 })
  expect(children).toEqual([{ part: 'a' }, { part: 'a', more: 1 }])
})
