// One app over HTTP/1.1 and one over HTTP/2, with waybill on stdout.
import { Readable } from 'node:stream'
import Fastify from 'fastify'
import waybill from 'waybill'
import { noteRecord, takeOrders } from './orders.mjs'

async function* endless() {
  yield 'begun'
  await new Promise(() => {})
}

async function serve(options) {
  const app = Fastify(options)
  await app.register(waybill)
  app.get('/plain', async (request) => {
    noteRecord()
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

takeOrders(
  apps.map(({ server }) => server),
  () => Promise.all(apps.map((app) => app.close())),
)
