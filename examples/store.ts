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
  throw new Error('payment provider does not answer', {
    cause: new Error('connect ECONNREFUSED 10.0.0.7:443'),
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
