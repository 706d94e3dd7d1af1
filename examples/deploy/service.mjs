// A service as it is deployed: it answers, says that it is well, and ends when it is asked to.
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import waybill from 'waybill'

/** Builds the service; it listens nowhere yet. */
export async function build() {
  const app = Fastify()
  await app.register(waybill, { include: ['user_agent'] })

  // What asks every few seconds whether the service is well is not worth two lines each time.
  app.get('/healthz', { logLevel: 'silent' }, async () => ({ ok: true }))

  app.get('/users/:id', async (request, reply) => {
    request.log.info('looking up user')
    request.waybill.add({ user_id: request.params.id })
    if (request.params.id === '0') return reply.code(404).send({ error: 'no such user' })
    return { id: request.params.id }
  })

  app.get('/reports/:ms', async (request) => {
    await sleep(Number(request.params.ms))
    return { total: 12640 }
  })

  app.get('/broken', async () => {
    throw new Error('the database does not answer')
  })
  return app
}
