import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Plan, Visit } from './plan.js'

/** A WebSocket that is opened and closed, by the client or by the server, with or without a farewell. */
export function webSocket(plan: Plan): Visit {
  const end = plan.random.pick(['closes', 'breaks off', 'is closed'])
  const path = end === 'is closed' ? '/socket/closing' : '/socket'
  const sent = plan.request('WebSocket', `client ${end}`, 'upgraded', 'GET', path)
  return async ({ http1 }) => {
    const client = connectSocket(http1, path, sent.id)
    const closed = once(client, 'close')
    if (end !== 'is closed') {
      await once(client, 'open')
      client.send('hello')
      await once(client, 'message')
      if (end === 'closes') client.close()
      else client.terminate()
    }
    await closed
  }
}

/** A WebSocket that is refused: by a hook of Fastify's, else by the connection itself. */
export function refusedSocket(plan: Plan): Visit {
  const fate = plan.handlers.http1 === 'Fastify' ? 'answered' : 'not upgraded'
  const sent = plan.request('WebSocket', 'refused', fate, 'GET', '/socket/refused')
  return async ({ http1 }) => {
    const client = connectSocket(http1, sent.path, sent.id)
    client.on('error', () => {})
    const [, response] = await once(client, 'unexpected-response')
    sent.seen.status = response.statusCode
    response.on('data', (bytes: Buffer) => {
      sent.seen.bytes += bytes.length
    })
    await once(response, 'end')
    sent.seen.whole = true
    client.terminate()
  }
}

function connectSocket(port: number, path: string, id: string): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { 'x-request-id': id } })
}
