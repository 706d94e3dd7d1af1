// The shop of fastify.ts, on Express.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import express, { type ErrorRequestHandler, Router } from 'express'
import { createLogger, waybill } from 'waybill/express'
import { exportOrders, ordersOf, pay, placeOrder, report, stockOf, users } from './store.js'
import { visit } from './visit.js'

const userOrders = Router({ mergeParams: true })
userOrders.get<{ id: string }>('/', (req, res) => {
  const orders = ordersOf(req.params.id)
  req.waybill.add({ user_id: req.params.id, orders: orders.length })
  res.json(orders)
})

const userRoutes = Router()
userRoutes.use('/:id/orders', userOrders)
userRoutes.get('/:id', (req, res) => {
  const user = users.get(req.params.id)
  req.log.info({ found: user !== undefined }, 'looking up user')
  if (user === undefined) res.status(404).json({ error: 'no such user' })
  else res.json(user)
})

const orderRoutes = Router()
orderRoutes.post('/', (req, res) => {
  const { user, total } = req.body
  if (typeof user !== 'string' || !Number.isInteger(total)) {
    res.status(400).json({ error: 'an order has a user and a total' })
    return
  }
  const order = placeOrder({ user, total })
  req.waybill.add({ order_id: order.id })
  res.status(201).json(order)
})
orderRoutes.post('/:id/pay', async (req) => {
  req.waybill.add({ order_id: req.params.id, provider: 'acme-pay' })
  await pay(req.params.id)
})

/** Answers errors here, because Express prints those that reach it to stderr. */
const answerError: ErrorRequestHandler = (error, _req, res, _next) => {
  if (res.headersSent) res.destroy()
  else res.status(error.status ?? 500).json({ error: error.expose ? error.message : 'it is us, not you' })
}

const requestLog = waybill({ slow: 300 })
const app = express()
app.use(requestLog, express.json())
app.use('/users', userRoutes)
app.use('/orders', orderRoutes)
app.get('/me', (_req, res) => res.redirect('/users/1'))
app.get('/stock/:item', async (req, res) => void res.json(await stockOf(req.params.item)))
app.get('/report', async (req, res) => {
  req.log.info('adding up all orders')
  res.json(await report())
})
app.get('/orders.csv', (_req, res) => pipeline(exportOrders, res.type('text/csv')))
app.use(waybill.errors(), answerError)

const log = createLogger()
const server = createServer(app)
requestLog.attach(server)
await once(server.listen(Number(process.env.PORT ?? 0), '127.0.0.1'), 'listening')
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
log.info(`Server listening at ${address}`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => server.close())
await visit(address).catch((error) => log.warn(error, 'the visit ended early'))
