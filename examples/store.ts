import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Order {
  readonly id: string
  readonly user: string
  readonly total: number
}

export const users = new Map([
  ['1', { id: '1', name: 'Ada' }],
  ['2', { id: '2', name: 'Grace' }],
])
const orders: Order[] = [
  { id: 'a1', user: '1', total: 1290 },
  { id: 'a2', user: '1', total: 450 },
  { id: 'b1', user: '2', total: 9900 },
]

export function ordersOf(user: string): readonly Order[] {
  return orders.filter((order) => order.user === user)
}

export function placeOrder({ user, total }: Omit<Order, 'id'>): Order {
  const order = { id: `n${orders.length}`, user, total }
  orders.push(order)
  return order
}

/** Never succeeds. */
export async function pay(_order: string): Promise<never> {
  const cause = new Error('connect ECONNREFUSED 10.0.0.7:443')
  throw new Error('payment provider does not answer', { cause })
}

/** Another service, which knows what is in stock; it is there while it is asked. */
async function withWarehouse<T>(ask: (address: string) => Promise<T>): Promise<T> {
  const warehouse = http.createServer((_request, response) => response.end('7')).listen(0, '127.0.0.1')
  await once(warehouse, 'listening')
  const answer = await ask(`http://127.0.0.1:${(warehouse.address() as AddressInfo).port}`)
  warehouse.close()
  return answer
}

/** Asks another service. */
export function stockOf(item: string): Promise<{ item: string; left: number }> {
  return withWarehouse(async (address) => {
    const [response] = await once(http.get(`${address}/${item}`, { agent: false }), 'response')
    return { item, left: Number(await text(response)) }
  })
}

/** Takes long. */
export async function report(): Promise<{ orders: number; total: number }> {
  await sleep(400)
  return { orders: orders.length, total: orders.reduce((sum, { total }) => sum + total, 0) }
}

/** Streams all orders as CSV. */
export async function* exportOrders(): AsyncGenerator<string> {
  yield 'id,user,total\n'
  for (const { id, user, total } of orders) {
    await sleep(20)
    yield `${id},${user},${total}\n`
  }
}
