// A small shop. It sends itself a few requests to show its log at once, and keeps running.
import { Readable } from 'node:stream'
import Fastify from 'fastify'
import waybill from 'waybill'
import { exportOrders, type Order, ordersOf, pay, placeOrder, report, stockOf, users } from './store.js'
import { visit } from './visit.js'

const app = Fastify({ ajv: { customOptions: { allErrors: true } } })
await app.register(waybill, { slow: 300 })

app.get<{ Params: { id: string } }>('/users/:id', async (request, reply) => {
  const user = users.get(request.params.id)
  request.log.info({ found: user !== undefined }, 'looking up user')
  if (user === undefined) return reply.code(404).send({ error: 'no such user' })
  return user
})

app.get('/me', async (_request, reply) => reply.redirect('/users/1'))

app.get<{ Params: { id: string } }>('/users/:id/orders', async (request) => {
  const orders = ordersOf(request.params.id)
  request.waybill.add({ user_id: request.params.id, orders: orders.length })
  return orders
})

const newOrder = {
  type: 'object',
  required: ['user', 'total'],
  properties: { user: { type: 'string', minLength: 1 }, total: { type: 'integer', minimum: 1 } },
}

app.post<{ Body: Omit<Order, 'id'> }>('/orders', { schema: { body: newOrder } }, async (request, reply) => {
  const order = placeOrder(request.body)
  request.waybill.add({ order_id: order.id })
  return reply.code(201).send(order)
})

app.post<{ Params: { id: string } }>('/orders/:id/pay', async (request) => {
  request.waybill.add({ order_id: request.params.id, provider: 'acme-pay' })
  await pay(request.params.id)
})

app.get<{ Params: { item: string } }>('/stock/:item', async (request) => stockOf(request.params.item))

app.get('/report', async (request) => {
  request.log.info('adding up all orders')
  return report()
})

app.get('/orders.csv', async (_request, reply) => reply.type('text/csv').send(Readable.from(exportOrders())))

const address = await app.listen({ port: Number(process.env.PORT ?? 0) })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void app.close())
await visit(address).catch((error) => app.log.warn(error, 'the visit ended early'))
