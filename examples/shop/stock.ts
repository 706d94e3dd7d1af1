// Knows what is in stock.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import waybill, { log, type RequestLog } from 'waybill/http'
import { untilClosed } from './closed.js'
import { serve } from './serve.js'

const shelves = new Map([
  ['tea', 100],
  ['piano', 2],
])

/** Answers slowly for the piano, and fails for the vases. */
async function take(sku: string, quantity: number, signal: AbortSignal): Promise<number> {
  if (sku === 'vase') throw new Error('the shelf of the vases has collapsed')
  if (sku === 'piano') await sleep(2000, undefined, { signal })
  const left = (shelves.get(sku) ?? 0) - quantity
  if (left < 0) throw new RangeError(`there is not enough ${sku}`)
  shelves.set(sku, left)
  log.info({ sku, left }, 'taken from the shelf')
  return left
}

async function handle(request: IncomingMessage & RequestLog, response: ServerResponse): Promise<void> {
  const [, sku = ''] = /^\/stock\/([^/]+)\/reservations$/.exec(request.url ?? '') ?? []
  try {
    const { quantity } = (await json(request)) as { quantity: number }
    const left = await take(decodeURIComponent(sku), quantity, untilClosed(response))
    response.writeHead(201).end(JSON.stringify({ sku, left }))
  } catch (error) {
    request.waybill.fail(error)
    response.writeHead(500).end(JSON.stringify({ error: 'nothing was taken' }))
  }
}

const listener = waybill(handle)
const server = createServer(listener)
listener.attach(server)
await serve(server)
