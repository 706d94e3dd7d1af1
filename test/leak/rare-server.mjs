// Apps for what is asked rarely, with waybill on stdout: WebSockets, uploads that are passed on to another service, and
// HEAD over HTTP/2.
import { once } from 'node:events'
import http from 'node:http'
import replyFrom from '@fastify/reply-from'
import websocket from '@fastify/websocket'
import express from 'express'
import expressWs from 'express-ws'
import Fastify from 'fastify'
import { request as call } from 'undici'
import waybill from 'waybill'
import { waybill as middleware } from 'waybill/express'
import { noteRecord, takeOrders } from './orders.mjs'

const [, , upstream] = process.argv

const echo = (socket) => socket.on('message', (data) => socket.send(`${data}`))

async function listen(app) {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}

/** Passes uploads on with @fastify/reply-from, and opens WebSockets of `injectWS()`. */
async function serveFastify() {
  const app = Fastify()
  await app.register(waybill)
  await app.register(websocket)
  await app.register(replyFrom, { base: upstream })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.post('/proxied', (_request, reply) => reply.from('/'))
  app.get('/echo', { websocket: true }, echo)
  return listen(app)
}

async function serveHttp2() {
  const app = Fastify({ http2: true, http2SessionTimeout: 1000 })
  await app.register(waybill)
  app.get('/plain', async () => {
    noteRecord()
    return { ok: true }
  })
  app.get('/waiting', () => {})
  return listen(app)
}

/** Passes uploads on with undici, and opens WebSockets of express-ws. */
async function serveExpress() {
  const app = express()
  const server = http.createServer(app)
  expressWs(app, server)
  app.use(middleware())
  app.ws('/echo', echo)
  app.post('/proxied', async (request, response) => {
    noteRecord()
    try {
      const headers = { 'X-Upload': request.get('X-Upload') }
      const { body } = await call(upstream, { method: 'POST', headers, body: request })
      response.send(await body.text())
    } catch {
      response.status(502).end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const [app, http2App, expressServer] = [await serveFastify(), await serveHttp2(), await serveExpress()]

/** Opens WebSockets without a connection, one after the other. */
async function inject({ sockets, ballastBytes }) {
  for (let n = 0; n < sockets; n++) {
    const ballast = Buffer.alloc(ballastBytes, 'x').toString()
    const socket = await app.injectWS('/echo', { headers: { 'x-ballast': ballast } })
    const echoed = once(socket, 'message')
    socket.send('hi')
    await echoed
    const closed = once(socket, 'close')
    socket.terminate()
    await closed
  }
}

takeOrders(
  [app.server, http2App.server, expressServer],
  () => Promise.all([app.close(), http2App.close(), new Promise((resolve) => expressServer.close(resolve))]),
  inject,
)
