// A service to deploy: it answers requests, and has a health check.
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import waybill from 'waybill'

/** Creates the service; it does not listen yet. */
export async function build() {
  const app = Fastify()
  await app.register(waybill, { include: ['user_agent'] })

  // Health checks every few seconds are not worth two lines each, unless they fail.
  app.get('/healthz', { config: { waybill: { quiet: true } } }, async () => ({ ok: true }))

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
