// One app over HTTP/1.1 and one over HTTP/2, with waybill on stdout.
import replyFrom from '@fastify/reply-from'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import waybill from 'waybill'
import {
  broken,
  endless,
  FLOOD_BYTES,
  flood,
  halfway,
  serveCrowd,
  sign,
  statusDuring,
  streamed,
  options as waybillOptions,
} from './answers.mjs'
import { startUpstream } from './upstream.mjs'

const upstream = await startUpstream()

function declareRoutes(app) {
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
  app.addHook('onRequest', (request, _reply, done) => {
    sign(request)
    done()
  })
  app.get('/plain', async () => ({ ok: true }))
  app.get('/parameters/:name', async () => 'ok')
  app.post('/body', async (request) => ({ length: request.body.length }))
  app.post('/json', async () => 'ok')
  app.get('/streamed', async () => streamed())
  app.get(
    '/hijacked',
    hijack(({ raw }) => raw.end('hijacked')),
  )
  app.get('/failing', async () => {
    throw new Error('failing')
  })
  app.get(
    '/status-during',
    hijack(({ raw }) => statusDuring(raw)),
  )
  app.get('/status-after', (_request, reply) => {
    reply.send('ok')
    reply.code(404)
  })
  app.get('/thrown-after', (_request, reply) => {
    reply.send({ ok: true })
    throw new Error('thrown after')
  })
  app.get('/empty', (_request, reply) => reply.code(204).send())
  app.get('/given-up', { handlerTimeout: 5 }, () => new Promise(() => {}))
  app.post('/refused', { onRequest: async (_request, reply) => reply.code(401).send('no') }, () => {})
  app.get('/waiting', () => {})
  app.get('/late', (_request, reply) => {
    reply.raw.once('close', () => reply.send('late'))
  })
  app.get('/endless', async () => endless())
  app.get('/broken', async () => broken())
  app.get(
    '/destroyed',
    hijack(({ raw }) => halfway(raw)),
  )
  app.get(
    '/unanswered',
    hijack(({ raw }) => raw.destroy()),
  )
  app.get(
    '/flood',
    hijack(({ raw }, id) => flood(id, raw, FLOOD_BYTES)),
  )
  app.get(
    '/flood/endless',
    hijack(({ raw }, id) => flood(id, raw, Number.POSITIVE_INFINITY)),
  )
}

/** Passes uploads on as they come. */
async function declareProxy(app) {
  await app.register(replyFrom, { base: upstream.url })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.post('/proxied/read', (_request, reply) => reply.from('/read'))
  app.post('/proxied/refused', (_request, reply) => reply.from('/refused'))
  app.post('/proxied/broken', (_request, reply) => reply.from('/broken'))
}

function hijack(answer) {
  return ({ id }, reply) => {
    reply.hijack()
    answer(reply, id)
  }
}

async function serve(options) {
  const app = Fastify(options)
  await app.register(waybill, waybillOptions)
  if (!options.http2) await app.register(websocket)
  declareRoutes(app)
  await app.register(declareProxy)
  if (!options.http2) {
    app.get('/socket', { websocket: true }, (socket) => socket.on('message', (text) => socket.send(text)))
    app.get('/socket/closing', { websocket: true }, (socket) => socket.close())
    app.get('/socket/refused', { websocket: true, onRequest: (_, reply) => reply.code(401).send() }, () => {})
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}

const apps = [await serve({}), await serve({ http2: true })]
serveCrowd(
  apps.map((app) => ({ server: app.server, close: () => app.close() })),
  upstream,
)
