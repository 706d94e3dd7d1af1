// One app over HTTP/1.1 and one over HTTP/2, with waybill on stdout. Run with --expose-gc, it says how much heap is in
// use when it is asked and all connections are gone, and closes when it is told to.
import { Readable } from 'node:stream'
import Fastify from 'fastify'
import waybill from 'waybill'

const turn = () => new Promise(setImmediate)

async function* endless() {
  yield 'begun'
  await new Promise(() => {})
}

async function serve(options) {
  const app = Fastify(options)
  await app.register(waybill)
  app.get('/plain', async (request) => {
    request.waybill.add({ user_id: 42 })
    return { ok: true }
  })
  app.post('/body', async (request) => {
    request.log.info('has a body')
    return request.body
  })
  app.get('/failing', async () => {
    throw new Error('failing')
  })
  app.get('/waiting', () => {})
  app.get('/endless', async () => Readable.from(endless()))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}

// Node.js keeps an HTTP/2 session that has closed until its timeout: 2 kB each, for 72 seconds by Fastify's default.
const apps = [await serve({}), await serve({ http2: true, http2SessionTimeout: 1000 })]

async function allGone() {
  for (const { server } of apps) {
    const count = () =>
      new Promise((resolve) => server.getConnections((_error, connections) => resolve(connections)))
    while ((await count()) > 0) await turn()
  }
}

/** Nobody is left to tell it to close. */
function abandoned() {
  process.exit(1)
}

process.once('disconnect', abandoned)
process.on('message', async (order) => {
  await allGone()
  if (order === 'close') {
    for (const app of apps) await app.close()
    process.off('disconnect', abandoned)
    process.disconnect()
    return
  }
  for (let n = 0; n < 8; n++) {
    await turn()
    globalThis.gc()
  }
  process.send({ heapUsed: process.memoryUsage().heapUsed })
})
process.send({ ports: apps.map(({ server }) => server.address().port) })
