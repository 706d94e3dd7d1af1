// Serves one set-up of Express or node:http, with or without waybill: node express.mjs <set-up> with|without.
import { once } from 'node:events'
import http from 'node:http'
import { waybill } from '../../dist/express.js'

const [, , name, mode] = process.argv
const [setUp, version] = name.split(', ')
const load = async (module) => (await import(module)).default
const log = mode === 'with' ? waybill() : undefined

/** Answers with the length of what it gets. */
const upstream = http.createServer((request, response) => {
  let length = 0
  request.on('data', (chunk) => {
    length += chunk.length
  })
  request.on('end', () => response.end(`${request.method} ${request.url} ${length}`))
})

async function listenUpstream() {
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  return `http://127.0.0.1:${upstream.address().port}`
}

/** A server whose listener is an app of the version of Express, with waybill first. */
async function serveApp(declare) {
  const express = await load(version === 'Express 4' ? 'express4' : 'express')
  const app = express()
  const server = http.createServer(app)
  if (log) app.use(log)
  await declare(app, server)
  return server
}

/** A server whose listener is given, behind waybill. */
function serveListener(listener) {
  const server = http.createServer((request, response) => {
    if (log) log(request, response, () => listener(request, response))
    else listener(request, response)
  })
  return server
}

const setUps = {
  compression: () =>
    serveApp(async (app) => {
      app.use((await load('compression'))({ threshold: 0 }))
      app.get('/', (_request, response) => response.json({ text: 'waybill '.repeat(1000) }))
    }),
  'express-session': () =>
    serveApp(async (app) => {
      const session = await load('express-session')
      app.use(session({ secret: 'test', resave: false, saveUninitialized: true }))
      app.get('/', (request, response) => {
        request.session.count = 1
        response.send('counted')
      })
    }),
  'http-proxy-middleware': () =>
    serveApp(async (app) => {
      const { createProxyMiddleware } = await import('http-proxy-middleware')
      app.use('/up', createProxyMiddleware({ target: await listenUpstream() }))
    }),
  undici: () =>
    serveApp(async (app) => {
      const { request: call } = await import('undici')
      const url = await listenUpstream()
      app.post('/up', async (request, response) => {
        const answer = await call(url, { method: 'POST', body: request })
        response.status(answer.statusCode).send(await answer.body.text())
      })
    }),
  'express-ws': () =>
    serveApp(async (app, server) => {
      ;(await load('express-ws'))(app, server)
      app.ws('/echo', (socket) => socket.on('message', (data) => socket.send(`${data}`)))
      app.get('/', (_request, response) => response.send('ok'))
    }),
  multer: () =>
    serveApp(async (app) => {
      const multer = await load('multer')
      app.post('/', multer().single('file'), (request, response) =>
        response.json({ length: request.file.size }),
      )
    }),
  ws: () =>
    serveApp(async (app, server) => {
      const { WebSocketServer } = await import('ws')
      log?.attach(server)
      const sockets = new WebSocketServer({ server, path: '/echo' })
      sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`${data}`)))
      app.get('/', (_request, response) => response.send('ok'))
    }),
  heads: () =>
    serveListener((request, response) => {
      if (request.url === '/flat')
        response.writeHead(201, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-A', '1'])
      else if (request.url === '/pairs') {
        response.writeHead(201, [
          ['X-A', '1'],
          ['Set-Cookie', ['a=1', 'b=2']],
        ])
      } else response.writeHead(201, 'Made', { 'X-A': '1' })
      response.end('made')
    }),
  'undici on node:http': async () => {
    const { request: call } = await import('undici')
    const url = await listenUpstream()
    return serveListener(async (request, response) => {
      const answer = await call(url, { method: 'POST', body: request })
      response.end(await answer.body.text())
    })
  },
  connect: async () => {
    const inner = http.createServer((request, response) => response.end(`inner ${request.url}`))
    log?.attach(inner)
    const app = (await load('connect'))()
    // Connect calls the listener of a server that it mounts: what comes that way is not the server's, but the app's to log.
    if (log !== undefined) app.use(log)
    return http.createServer(app.use('/sub', inner))
  },
}

const server = await setUps[setUp]()
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send(server.address().port)
process.once('message', () => {
  for (const each of [server, upstream]) {
    each.close()
    each.closeAllConnections()
  }
  process.disconnect()
})
