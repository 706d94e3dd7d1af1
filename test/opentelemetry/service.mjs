// A service that calls another one in every way, from within a span of its own.
import http from 'node:http'
import { text } from 'node:stream/consumers'
import { trace as api, context } from '@opentelemetry/api'
import express from 'express'
import Fastify from 'fastify'
import plugin, { createLogger, currentRequest, log } from 'waybill'
import { waybill } from 'waybill/express'
import { trace } from './tracing.mjs'

const { OTHER, TRACED_LATER, FRAMEWORK, OWN_LOGGER } = process.env
const tracer = api.getTracer('test')

/** What the other service got, by each way. */
async function callOther() {
  return {
    fetch: await (await fetch(OTHER)).json(),
    http: await new Promise((resolve, reject) => {
      http.get(OTHER, (response) => resolve(text(response).then(JSON.parse))).on('error', reject)
    }),
  }
}

async function handle(requestLog) {
  requestLog.info('request.log')
  log.info('log')
  return tracer.startActiveSpan('inner', async (span) => {
    requestLog.info('within')
    currentRequest().add({ inner: span.spanContext().spanId })
    const answers = await callOther()
    span.end()
    return answers
  })
}

/** Runs a middleware as the instrumentation of Express does: within a span of its own, what comes next outside of it. */
function withinSpan(middleware) {
  return (request, response, next) => {
    const outer = context.active()
    return tracer.startActiveSpan(`middleware - ${middleware.name}`, (span) =>
      middleware(request, response, (error) => {
        span.end()
        context.with(outer, next, undefined, error)
      }),
    )
  }
}

function startExpress(middleware, attach = () => {}) {
  const app = express().use(middleware)
  app.get('/', async (request, response) => response.json(await handle(request.log)))
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server))
    attach(server)
  })
}

const servers = {
  async fastify() {
    const app = Fastify({ logger: OWN_LOGGER !== undefined })
    await app.register(plugin)
    app.get('/', async (request) => handle(request.log))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server
  },
  express: () => startExpress(waybill()),
  'express, each middleware in a span': () => startExpress(withinSpan(waybill())),
  'express, attached, each middleware in a span': () => {
    const middleware = waybill()
    return startExpress(withinSpan(middleware), middleware.attach)
  },
}

const server = await servers[FRAMEWORK]()
if (TRACED_LATER !== undefined) trace(...TRACED_LATER.split(','))
tracer.startActiveSpan('job', (span) => {
  createLogger().info('job')
  span.end()
})
const response = await fetch(`http://127.0.0.1:${server.address().port}/`, {
  headers: { 'x-request-id': 'abc', ...JSON.parse(process.env.HEADERS ?? '{}') },
})
console.log(JSON.stringify({ answers: await response.json() }))
server.close()
server.closeAllConnections()
