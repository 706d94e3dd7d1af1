import { once } from 'node:events'
import http, { type OutgoingHttpHeaders } from 'node:http'

interface Visit {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: object
  readonly signal?: AbortSignal
}

/** Sends a shop the requests of its clients: most succeed, some fail. */
export async function visit(address: string): Promise<void> {
  await ask(`${address}/me`)
  await ask(`${address}/users/1`)
  await ask(`${address}/orders`, { method: 'POST', body: { user: '2', total: 700 } })
  await ask(`${address}/orders`, { method: 'POST', body: { user: '', total: 0 } })
  await ask(`${address}/nowhere?token=never-logged`)
  await ask(`${address}/stock/tea`)
  await ask(`${address}/orders/a1/pay`, { method: 'POST', body: {} })
  // A client that leaves before it is answered.
  await ask(`${address}/report`, { signal: AbortSignal.timeout(50) }).catch(() => {})
  // A slow request, and others meanwhile.
  const others = async (): Promise<void> => {
    await ask(`${address}/users/1/orders`, { headers: { 'X-Request-Id': 'checkout-7f3a' } })
    await ask(`${address}/orders.csv`)
  }
  await Promise.all([ask(`${address}/report`), others()])
}

/** Sends one request over its own connection. */
export async function ask(url: string, { body, headers = {}, ...options }: Visit = {}): Promise<void> {
  const contentType = body === undefined ? {} : { 'content-type': 'application/json' }
  const request = http.request(url, { ...options, headers: { ...headers, ...contentType }, agent: false })
  request.end(body && JSON.stringify(body))
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  await once(response.resume(), 'end')
}
