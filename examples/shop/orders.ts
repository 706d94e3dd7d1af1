// Stores orders, and reserves stock for them.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import express, { type ErrorRequestHandler } from 'express'
import { currentRequest, waybill } from 'waybill/express'
import { untilClosed } from './closed.js'
import { serve } from './serve.js'

interface Order {
  readonly sku: string
  readonly quantity: number
}

/** Gets nothing of the request that it is called for; its call still carries the id. */
async function reserve({ sku, quantity }: Order, signal: AbortSignal): Promise<unknown> {
  const url = new URL(`/stock/${encodeURIComponent(sku)}/reservations`, process.env.STOCK_URL)
  const call = request(url, { method: 'POST', signal })
  call.end(JSON.stringify({ quantity }))
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  const answer = await json(response)
  if (response.statusCode !== 201) throw new Error(`stock has answered ${response.statusCode}`)
  currentRequest()?.add({ sku, quantity })
  return answer
}

const app = express()
const requestLog = waybill()
app.use(requestLog, express.json())
app.post('/orders', async (req, res) => {
  const reservation = await reserve(req.body, untilClosed(res))
  res.status(201).json({ order: randomUUID(), reservation })
})
const answerError: ErrorRequestHandler = (_error, _req, res, _next) => {
  res.status(502).json({ error: 'the order was not placed' })
}
app.use(waybill.errors(), answerError)

const server = createServer(app)
requestLog.attach(server)
await serve(server)
