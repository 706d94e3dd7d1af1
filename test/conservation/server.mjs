// One app over HTTP/1.1 and one over HTTP/2, with waybill on stdout. It says on which ports they listen; then when a
// request that asks for it has arrived; and closes when it is told to, once all connections are gone.
import { Readable } from 'node:stream'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import waybill from 'waybill'

const turn = () => new Promise(setImmediate)

async function* pieces(count, size) {
  for (let n = 0; n < count; n++) {
    yield 'x'.repeat(size)
    await turn()
  }
}

async function* pieceAndThen(end) {
  yield 'x'.repeat(100)
  await turn()
  await end()
}

/** Writes as fast as the client reads, and says so when it does not; ends after so many bytes. */
function flood(request, reply, bytes) {
  reply.hijack()
  const { raw } = reply
  const chunk = Buffer.alloc(65_536)
  let left = bytes
  const more = () => {
    let taken = !raw.destroyed
    for (; taken && left > 0; left -= chunk.length) taken = raw.write(chunk)
    if (left <= 0) raw.end()
    else process.send({ sign: 'stalled', id: request.id })
  }
  raw.on('drain', more)
  raw.writeHead(200)
  more()
}

function declareRoutes(app) {
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.headers['x-sign']) process.send({ sign: 'arrived', id: request.id })
    done()
  })
  app.get('/plain', async () => ({ ok: true }))
  app.get('/parameters/:name', async () => 'ok')
  app.post('/body', async (request) => ({ length: request.body.length }))
  app.post('/json', async () => 'ok')
  app.get('/streamed', async () => Readable.from(pieces(5, 2000)))
  app.get('/hijacked', (_request, reply) => {
    reply.hijack()
    reply.raw.end('hijacked')
  })
  app.get('/failing', async () => {
    throw new Error('failing')
  })
  app.get('/empty', (_request, reply) => reply.code(204).send())
  app.get('/given-up', { handlerTimeout: 5 }, () => new Promise(() => {}))
  app.post('/refused', { onRequest: async (_request, reply) => reply.code(401).send('no') }, () => {})
  app.get('/waiting', () => {})
  app.get('/late', (_request, reply) => {
    reply.raw.once('close', () => reply.send('late'))
  })
  app.get('/endless', async () => Readable.from(pieceAndThen(() => new Promise(() => {}))))
  app.get('/broken', async () => Readable.from(pieceAndThen(() => Promise.reject(new Error('broken')))))
  app.get('/destroyed', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200)
    reply.raw.write('half', () => reply.raw.destroy())
  })
  app.get('/flood', (request, reply) => flood(request, reply, 8 * 1024 * 1024))
  app.get('/flood/endless', (request, reply) => flood(request, reply, Number.POSITIVE_INFINITY))
}

async function serve(options) {
  const app = Fastify(options)
  await app.register(waybill)
  if (!options.http2) await app.register(websocket)
  declareRoutes(app)
  if (!options.http2) {
    app.get('/socket', { websocket: true }, (socket) => socket.on('message', (text) => socket.send(text)))
    app.get('/socket/closing', { websocket: true }, (socket) => socket.close())
    app.get('/socket/refused', { websocket: true, onRequest: (_, reply) => reply.code(401).send() }, () => {})
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}

const apps = [await serve({}), await serve({ http2: true })]

function connections(app) {
  return new Promise((resolve, reject) =>
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )
}

/** Nobody is left to tell it to close. */
function abandoned() {
  process.exit(1)
}

process.once('message', async () => {
  for (const app of apps) {
    while ((await connections(app)) > 0) await turn()
    await app.close()
  }
  process.off('disconnect', abandoned)
  process.disconnect()
})
process.once('disconnect', abandoned)
process.send({ ports: apps.map((app) => app.server.address().port) })
