import { once } from 'node:events'
import http, { type IncomingHttpHeaders, type RequestOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { FastifyInstance } from 'fastify'

/** An answer, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The size of the body. */
  readonly bytes: number
}

/** Starts an app on a free port of the loopback address. */
export async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

/** Sends one request over a socket of its own and reads the whole answer. */
export async function ask(
  port: number,
  path: string,
  options: RequestOptions = {},
  body = '',
): Promise<Answer> {
  const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options })
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const received = await buffer(response)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: received.toString(),
    bytes: received.length,
  }
}
