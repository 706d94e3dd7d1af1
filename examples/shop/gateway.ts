// The gateway: takes orders from outside, and passes them to the service that stores them.
import Fastify from 'fastify'
import waybill from 'waybill'
import { untilClosed } from './closed.js'

const { ORDERS_URL, PORT = '0' } = process.env

const order = {
  type: 'object',
  required: ['sku', 'quantity'],
  properties: { sku: { type: 'string' }, quantity: { type: 'integer', minimum: 1 } },
}

const app = Fastify()
await app.register(waybill)

app.post('/checkout', { schema: { body: order } }, async (request, reply) => {
  const response = await fetch(new URL('/orders', ORDERS_URL), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request.body),
    signal: untilClosed(reply.raw),
  })
  return reply.code(response.ok ? 201 : 502).send(await response.json())
})

await app.listen({ port: Number(PORT) })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close())
