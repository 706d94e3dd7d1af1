// A service that calls another: its request log, how it calls, how often for a request, and whom are arguments.
import http from 'node:http'
import Fastify from 'fastify'
import { Agent, request, setGlobalDispatcher } from 'undici'
import waybill from 'waybill'
import { giveAccount } from './account.mjs'

const [, , logger, client, calls, port] = process.argv
const url = `http://127.0.0.1:${port}/stock/42`
const agent = new http.Agent({ keepAlive: true })
// Also that of `fetch`, which would take one of its own.
setGlobalDispatcher(new Agent({ keepAliveTimeout: 60_000 }))

const call = {
  none: async () => {},
  fetch: async () => (await fetch(url)).text(),
  undici: async () => (await request(url)).body.text(),
  'node:http': () =>
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
app.get('/users/:id', async ({ params }) => {
  for (let made = 0; made < calls; made++) await call()
  return { id: params.id, name: 'Ada' }
})
await app.listen({ port: 0, host: '127.0.0.1' })
giveAccount(app.server)
