// A service that logs the ids of its requests. It reports its port, and runs until it is killed.
import Fastify from 'fastify'
import { pino } from 'pino'
import waybill from 'waybill'

const requestIdHeader = 'x-request-id'
const variants = {
  waybill: () => Fastify().register(waybill),
  'built-in logging': () => Fastify({ logger: true, requestIdHeader }),
  'built-in logging, asynchronous': () =>
    Fastify({ logger: { stream: pino.destination({ sync: false, minLength: 4096 }) }, requestIdHeader }),
}

const app = await variants[process.argv[2]]()
app.get('/users/:id', async (request) => ({ id: request.params.id }))
await app.listen({ port: 0, host: '127.0.0.1' })
process.send({ port: app.server.address().port })
