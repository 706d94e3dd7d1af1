import type { ServerResponse } from 'node:http'
import type { MiddlewareOptions, RequestLog } from '../../src/express.js'
import { Capture } from '../support/capture.js'
import type { Client } from './client.js'

/** A request as the handlers of the suite see it, whichever framework has it. */
export interface Exchange extends Pick<RequestLog, 'id' | 'log' | 'waybill'> {
  readonly params: Readonly<Record<string, string | undefined>>
  /** The response of Node.js. */
  readonly response: ServerResponse
}

/** A route of the suite. */
export interface Route {
  /** As Express and Fastify write it. */
  readonly pattern: string
  readonly handle: (exchange: Exchange) => void
}

/** A service that one adapter logs, on a free port, and the client that speaks its protocol. */
export interface Service {
  readonly client: Client
  close(): Promise<void>
}

/** A framework, and how its requests come to be logged. */
export interface Adapter {
  readonly name: string
  /** The promises that it can't keep, by the names of their tests. */
  readonly lacks: readonly string[]
  start(options: MiddlewareOptions, routes: readonly Route[]): Promise<Service>
}

function end(response: ServerResponse, status: number, body = ''): void {
  response.statusCode = status
  response.end(body)
}

/** What every service of the suite has. */
export const ROUTES: readonly Route[] = [
  {
    pattern: '/users/:id',
    handle({ id, log, waybill, params, response }) {
      log.info({ user: params.id }, 'looking up user')
      waybill.add({ user_id: params.id })
      end(response, 200, `hello ${params.id}, ${id}`)
    },
  },
  {
    pattern: '/status/:status',
    handle: ({ params, response }) => end(response, Number(params.status), 'some body'),
  },
  {
    pattern: '/failing',
    handle() {
      throw new TypeError('no such thing')
    },
  },
  { pattern: '/waiting', handle: ({ log }) => log.info('arrived') },
  {
    pattern: '/late',
    handle({ log, response }) {
      log.info('arrived')
      response.once('close', () => response.end('late'))
    },
  },
  {
    pattern: '/half',
    handle({ response }) {
      response.writeHead(200)
      response.write('half', () => response.destroy())
    },
  },
]

/** A service of an adapter and what it logs. */
export async function startService(
  { start }: Adapter,
  options: MiddlewareOptions = {},
): Promise<Service & { log: Capture }> {
  const log = new Capture()
  return { log, ...(await start({ destination: log, ...options }, ROUTES)) }
}
