// A small shop. It sends itself a handful of requests, so that its log can be seen at once, and stays up.
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import waybill from 'waybill'
import { visit } from './visit.js'

const users = new Map([
  ['1', { id: '1', name: 'Ada' }],
  ['2', { id: '2', name: 'Grace' }],
])
const orders = [
  { id: 'a1', user: '1', total: 1290 },
  { id: 'a2', user: '1', total: 450 },
  { id: 'b1', user: '2', total: 9900 },
]

const app = Fastify()
await app.register(waybill, { slow: 300 })

app.get<{ Params: { id: string } }>('/users/:id', async (request, reply) => {
  const user = users.get(request.params.id)
  request.log.info({ found: user !== undefined }, 'looking up user')
  if (user === undefined) return reply.code(404).send({ error: 'no such user' })
  return user
})

app.get<{ Params: { id: string } }>('/users/:id/orders', async (request) => {
  const found = orders.filter(({ user }) => user === request.params.id)
  request.waybill.add({ user_id: request.params.id, orders: found.length })
  return found
})

const newOrder = {
  type: 'object',
  required: ['user', 'total'],
  properties: { user: { type: 'string' }, total: { type: 'integer', minimum: 1 } },
}

app.post<{ Body: { user: string; total: number } }>(
  '/orders',
  { schema: { body: newOrder } },
  async (request, reply) => {
    const order = { id: `n${orders.length}`, ...request.body }
    orders.push(order)
    request.waybill.add({ order_id: order.id })
    return reply.code(201).send(order)
  },
)

app.post<{ Params: { id: string } }>('/orders/:id/pay', async (request) => {
  request.waybill.add({ order_id: request.params.id, provider: 'acme-pay' })
  throw new Error('payment provider does not answer', {
    cause: new Error('connect ECONNREFUSED 10.0.0.7:443'),
  })
})

app.get('/report', async () => {
  await sleep(400)
  return { orders: orders.length, total: orders.reduce((sum, { total }) => sum + total, 0) }
})

app.get('/orders.csv', async (_request, reply) => {
  async function* rows(): AsyncGenerator<string> {
    yield 'id,user,total\n'
    for (const { id, user, total } of orders) {
      await sleep(20)
      yield `${id},${user},${total}\n`
    }
  }
  return reply.type('text/csv').send(Readable.from(rows()))
})

const address = await app.listen({ port: Number(process.env.PORT ?? 0) })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void app.close())
await visit(address).catch((error) => app.log.warn(error, 'the visit ended early'))
