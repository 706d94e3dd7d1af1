// A service that calls another. Its arguments: the request log, the client, the calls per request, and the other's port.
import { AsyncLocalStorage } from 'node:async_hooks'
import http from 'node:http'
import Fastify from 'fastify'
import { Agent, request, setGlobalDispatcher } from 'undici'
import waybill from 'waybill'
import { giveAccount } from './account.mjs'

const [, , logger, client, calls, port] = process.argv
/** Resolves every name to the one service. */
const lookup = (_name, options, done) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)
const agent = new http.Agent({ keepAlive: true, lookup })
// Also used by `fetch`, which would otherwise create its own.
setGlobalDispatcher(new Agent({ keepAliveTimeout: 60_000, connect: { lookup } }))

const call = {
  none: async () => {},
  fetch: async (url) => (await fetch(url)).text(),
  undici: async (url) => (await request(url)).body.text(),
  'node:http': (url) =>
    new Promise((resolve, reject) => {
      const get = http.get(url, { agent }, (response) => {
        response.on('end', resolve).resume()
      })
      get.on('error', reject)
    }),
}[client]

const app = Fastify()
if (logger === 'waybill') await app.register(waybill)
if (logger === 'waybill, propagate: false') await app.register(waybill, { propagate: false })
if (logger === 'bare, with AsyncLocalStorage') {
  const storage = new AsyncLocalStorage()
  app.addHook('onRequest', (request, _reply, done) => storage.run(request, done))
}
// The parameter is the host: one is inside, another of the same length is not.
app.get('/call/:host', async ({ params }) => {
  const url = `http://${params.host}:${port}/stock/42`
  for (let made = 0; made < calls; made++) await call(url)
  return { id: params.host, name: 'Ada' }
})
await app.listen({ port: 0, host: '127.0.0.1' })
giveAccount(app.server)
