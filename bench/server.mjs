// One variant of a service. It says on what port it listens, then its own CPU time and requests whenever asked, and
// ends when it is let go.
import Fastify from 'fastify'
import waybill from 'waybill'

const variants = {
  bare: () => Fastify(),
  'built-in logging': () => Fastify({ logger: true }),
  waybill: () => Fastify().register(waybill),
  "waybill, the app's own logger": () => Fastify({ logger: true }).register(waybill),
}

const app = await variants[process.argv[2]]()
const response = { 200: { type: 'object', properties: { id: { type: 'string' }, name: { type: 'string' } } } }
app.get('/users/:id', { schema: { response } }, async (request) => ({ id: request.params.id, name: 'Ada' }))

let received = 0
let answered = 0
app.server.on('request', (_request, reply) => {
  received++
  reply.on('finish', () => answered++)
})

await app.listen({ port: 0, host: '127.0.0.1' })
process.send({ port: app.server.address().port })
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ cpu: user + system, received, answered })
})
process.on('disconnect', () => process.exit())
