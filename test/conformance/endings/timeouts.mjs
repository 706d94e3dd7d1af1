// Requests that a server timeout ends.
import express from 'express'
import { NOTHING, request } from '../client.mjs'
import { ask, sendText } from './ask.mjs'
import { noRoutes } from './routes.mjs'

const FIRES_MS = 100
const checkOften = { connectionsCheckingInterval: 20 }
const never = () => new Promise(() => {})
const timedOut = { truth: { status: 408, whole: true }, waybill: { outcome: 'timeout', status: 408 } }

/** @type {import('../endings.mjs').Ending[]} */
export const timeouts = [
  {
    name: '`handlerTimeout` (503)',
    fastify: (app) => app.get('/', { handlerTimeout: FIRES_MS }, never),
    visit: ask('/'),
    truth: { status: 503, whole: true },
    waybill: { outcome: 'timeout', status: 503 },
  },
  {
    name: 'a connection on which nothing happens for too long',
    options: { connectionTimeout: FIRES_MS },
    fastify: (app) => app.get('/', never),
    express: (app, _tell, { server }) => {
      server.setTimeout(FIRES_MS)
      app.get('/', never)
    },
    visit: ask('/'),
    truth: NOTHING,
    waybill: { outcome: 'timeout', status: 408 },
  },
  {
    name: '`requestTimeout`: a body that never ends (408)',
    options: { requestTimeout: FIRES_MS, http: { ...checkOften, headersTimeout: FIRES_MS } },
    fastify: (app) => app.post('/', async () => 'ok'),
    express: (app, _tell, { server }) => {
      Object.assign(server, { requestTimeout: FIRES_MS, headersTimeout: FIRES_MS })
      app.post('/', express.json(), (_request, response) => response.send('ok'))
    },
    visit: ask('/', 'POST', { 'Content-Type': 'application/json', 'Content-Length': 1000 }, '"the beginning'),
    ...timedOut,
  },
  {
    name: '`headersTimeout`: a header that never ends (408)',
    options: { http: { ...checkOften, headersTimeout: FIRES_MS } },
    fastify: noRoutes,
    express: (_app, _tell, { server }) => {
      server.headersTimeout = FIRES_MS
    },
    visit: sendText(request('/').slice(0, -2)),
    ...timedOut,
  },
]
