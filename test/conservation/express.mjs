// An app of Express over HTTP/1.1 and a listener without a framework over HTTP/2, with one middleware on stdout.
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import { pipeline } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import express from 'express'
import { request as call } from 'undici'
import { waybill } from 'waybill/express'
import { WebSocketServer } from 'ws'
import {
  broken,
  endless,
  FLOOD_BYTES,
  flood,
  halfway,
  options,
  serveCrowd,
  sign,
  statusDuring,
  streamed,
} from './answers.mjs'
import { startUpstream } from './upstream.mjs'

const requestLog = waybill(options)
const upstream = await startUpstream()

const pipe = (body, response) => pipeline(body, response, () => {})

function answer(response, status, text) {
  response.statusCode = status
  response.end(text)
}

/** Passes an upload on as it comes. */
async function passOn(request, response, path) {
  const headers = { 'X-Request-Id': request.id }
  try {
    const { statusCode, body } = await call(upstream.url + path, { method: 'POST', headers, body: request })
    answer(response, statusCode, await body.text())
  } catch {
    answer(response, 502, 'failed')
  }
}

/** By path: what needs nothing of a framework. */
const handlers = {
  '/plain': (_request, response) => answer(response, 200, 'ok'),
  '/parameters/:name': (_request, response) => answer(response, 200, 'ok'),
  '/streamed': (_request, response) => pipe(streamed(), response),
  '/hijacked': (_request, response) => answer(response, 200, 'hijacked'),
  '/failing': () => {
    throw new Error('failing')
  },
  '/status-during': (_request, response) => statusDuring(response),
  '/status-after': (_request, response) => {
    answer(response, 200, 'ok')
    response.statusCode = 404
  },
  '/thrown-after': (_request, response) => {
    if (typeof response.json === 'function') response.json({ ok: true })
    else answer(response, 200, 'ok')
    throw new Error('thrown after')
  },
  '/empty': (_request, response) => answer(response, 204),
  '/refused': (_request, response) => answer(response, 401, 'no'),
  '/waiting': () => {},
  '/proxied/read': (request, response) => passOn(request, response, '/read'),
  '/proxied/refused': (request, response) => passOn(request, response, '/refused'),
  '/proxied/broken': (request, response) => passOn(request, response, '/broken'),
  '/late': (_request, response) => response.once('close', () => response.end('late')),
  '/endless': (_request, response) => pipe(endless(), response),
  '/broken': (_request, response) => pipe(broken(), response),
  '/destroyed': (_request, response) => halfway(response),
  '/unanswered': (_request, response) => response.destroy(),
  '/flood': ({ id }, response) => flood(id, response, FLOOD_BYTES),
  '/flood/endless': ({ id }, response) => flood(id, response, Number.POSITIVE_INFINITY),
}

function expressApp() {
  const app = express()
  app.set('env', 'test')
  app.use(requestLog)
  app.use((request, _response, next) => {
    sign(request)
    next()
  })
  for (const [path, handle] of Object.entries(handlers)) app.all(path, handle)
  app.use(express.json())
  app.post('/body', express.raw(), express.text(), (request, response) =>
    response.json({ length: request.body.length }),
  )
  app.post('/json', (_request, response) => response.send('ok'))
  app.use(waybill.errors())
  app.use((error, _request, response, next) => {
    // What has no status is left to the answer that Express has for it.
    if (error.status === undefined) return next(error)
    // As Fastify does when it has not read a body.
    if (error.status === 400) response.set('Connection', 'close')
    answer(response, error.status, 'failed')
  })
  return app
}

async function readBody(request, response) {
  const body = await buffer(request)
  if (request.url === '/body') answer(response, 200, String(body.length))
  else answer(response, 400, 'bad')
}

function listener(request, response) {
  requestLog(request, response)
  sign(request)
  const handle = handlers[request.url.startsWith('/parameters/') ? '/parameters/:name' : request.url]
  try {
    if (handle !== undefined) handle(request, response)
    else if (request.method === 'POST') readBody(request, response).catch(() => {})
    else answer(response, 404)
  } catch {
    answer(response, 500, 'failed')
  }
}

function receiveSockets(server) {
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, connection, head) => {
    if (request.url === '/socket/refused') {
      connection.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, connection, head, (socket) => {
      if (request.url === '/socket/closing') socket.close()
      else socket.on('message', (text) => socket.send(text))
    })
  })
}

async function serve(server) {
  requestLog.attach(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, close: () => new Promise((resolve) => server.close(resolve)) }
}

const server = http.createServer(expressApp())
receiveSockets(server)
serveCrowd([await serve(server), await serve(http2.createServer(listener))], upstream)
