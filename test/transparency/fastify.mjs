// Serves one set-up of Fastify, with or without waybill: node fastify.mjs <set-up> with|without.
import { once } from 'node:events'
import http from 'node:http'
import { fileURLToPath } from 'node:url'
import fastify from 'fastify'
import waybill from '../../dist/index.js'

const [, , name, mode] = process.argv
const load = async (module) => (await import(module)).default

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

const acceptAnything = (app) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
}

const declareExpress = async (app) => {
  await app.register(await load('@fastify/express'))
  app.use('/express', (_request, response) => response.end('by express'))
  app.get('/ok', async () => ({ ok: true }))
  app.get('/fails', async () => {
    throw new Error('failed')
  })
}
const declareMiddie = async (app) => {
  await app.register(await load('@fastify/middie'))
  app.use('/middie', (_request, response) => response.end('by middie'))
  app.use('/broken', (_request, _response, next) => next(new Error('broken')))
  app.get('/ok', async () => ({ ok: true }))
  app.get('/fails', async () => {
    throw new Error('failed')
  })
}

const setUps = {
  'http-proxy': async (app) => {
    await app.register(await load('@fastify/http-proxy'), {
      upstream: await listenUpstream(),
      prefix: '/up',
      websocket: true,
    })
  },
  'reply-from': async (app) => {
    await app.register(await load('@fastify/reply-from'), { base: await listenUpstream() })
    acceptAnything(app)
    app.all('/from/*', (_request, reply) => reply.from('/there'))
  },
  websocket: async (app) => {
    await app.register(await load('@fastify/websocket'))
    app.get('/echo', { websocket: true }, (socket) => socket.on('message', (data) => socket.send(`${data}`)))
    app.get('/refused', { websocket: true, preHandler: (_r, reply) => reply.code(403).send() }, () => {})
  },
  express: declareExpress,
  middie: declareMiddie,
  static: async (app) => {
    await app.register(await load('@fastify/static'), { root: fileURLToPath(new URL('.', import.meta.url)) })
  },
  compress: async (app) => {
    await app.register(await load('@fastify/compress'), { threshold: 0, encodings: ['gzip'] })
    app.get('/', async () => ({ text: 'waybill '.repeat(1000) }))
  },
  multipart: async (app) => {
    await app.register(await load('@fastify/multipart'))
    app.post('/', async (request) => {
      const file = await request.file()
      return { name: file.filename, length: (await file.toBuffer()).length }
    })
  },
}

const app = fastify()
const [setUp, order] = name.split(', ')
if (mode === 'with' && order !== 'waybill last') await app.register(waybill)
await setUps[setUp](app)
if (mode === 'with' && order === 'waybill last') await app.register(waybill)
await app.listen({ port: 0, host: '127.0.0.1' })
process.send(app.server.address().port)
process.once('message', async () => {
  await app.close()
  upstream.close()
  upstream.closeAllConnections()
  process.disconnect()
})
