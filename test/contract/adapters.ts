import { once } from 'node:events'
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import connect, { type HandleFunction } from 'connect'
import express, { type Express } from 'express'
import express4 from 'express4'
import Fastify from 'fastify'
import { type MiddlewareOptions, waybill as middleware, type RequestLog } from '../../src/express.js'
import plugin from '../../src/index.js'
import { type Client, http1Client, http2Client } from './client.js'
import type { Adapter, Exchange, Route, Service } from './service.js'

const NO_ROUTE_AT_THE_START = 'the start says which route matched'
const NO_ROUTES = [NO_ROUTE_AT_THE_START, 'the completion says which route matched']

type NodeServer = http.Server | http2.Http2Server

async function serve(server: NodeServer, clientOf: (port: number) => Client): Promise<Service> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    client: clientOf((server.address() as AddressInfo).port),
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
}

const fastify: Adapter = {
  name: 'Fastify',
  lacks: [],
  async start({ logger: _, ...options }, routes) {
    const app = Fastify()
    await app.register(plugin, options)
    for (const { pattern, handle } of routes) {
      app.get(pattern, (request, reply) => {
        const { id, log, waybill, params } = request
        handle({ id, log, waybill, params, response: reply.raw } as Exchange)
        reply.hijack()
      })
    }
    await app.ready()
    return { ...(await serve(app.server, http1Client)), close: () => app.close() }
  },
}

/** An app of Express, of either major version. */
function expressAdapter(name: string, create: () => Express): Adapter {
  return {
    name,
    lacks: [NO_ROUTE_AT_THE_START],
    async start(options, routes) {
      const app = create()
      app.set('env', 'test')
      const requestLog = middleware(options)
      app.use(requestLog)
      for (const { pattern, handle } of routes) {
        app.get(pattern, (request, response) => handle(Object.assign(request, { response }) as Exchange))
      }
      app.use(middleware.errors())
      const server = http.createServer(app)
      requestLog.attach(server)
      return serve(server, http1Client)
    },
  }
}

/** The routing of an app that has no router. */
function routing(routes: readonly Route[]) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const [, first, second] = (request.url ?? '').split('?')[0]?.split('/') ?? []
    const route = routes.find(({ pattern }) => pattern.split('/')[1] === first)
    if (route === undefined) {
      response.statusCode = 404
      response.end()
      return
    }
    const name = route.pattern.split(':')[1] ?? ''
    route.handle(
      Object.assign(request as IncomingMessage & RequestLog, { params: { [name]: second }, response }),
    )
  }
}

/** A server of Node.js whose listener calls the middleware. */
function nodeAdapter(
  name: string,
  create: (listener: RequestListener) => NodeServer,
  clientOf: (port: number) => Client,
): Adapter {
  return {
    name,
    lacks: NO_ROUTES,
    async start(options, routes) {
      const requestLog = middleware(options)
      const route = routing(routes)
      const server = create((request, response) => {
        requestLog(request, response)
        try {
          route(request, response)
        } catch (error) {
          ;(request as IncomingMessage & RequestLog).waybill.fail(error)
          response.statusCode = 500
          response.end()
        }
      })
      requestLog.attach(server)
      return serve(server, clientOf)
    },
  }
}

const connectAdapter: Adapter = {
  name: 'Connect',
  lacks: NO_ROUTES,
  async start(options: MiddlewareOptions, routes) {
    const app = connect()
    const requestLog = middleware(options)
    app.use(requestLog as HandleFunction)
    app.use(routing(routes))
    app.use(middleware.errors())
    app.use((_error: Error, _request: IncomingMessage, response: ServerResponse, _next: () => void) => {
      response.statusCode = 500
      response.end()
    })
    const server = http.createServer(app)
    requestLog.attach(server)
    return serve(server, http1Client)
  },
}

export const adapters: readonly Adapter[] = [
  fastify,
  expressAdapter('Express 5', express),
  expressAdapter('Express 4', express4),
  nodeAdapter('node:http', http.createServer, http1Client),
  nodeAdapter(
    'node:http2',
    (listener) => http2.createServer(listener as unknown as Parameters<typeof http2.createServer>[0]),
    http2Client,
  ),
  connectAdapter,
]
