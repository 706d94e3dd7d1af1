import { expect, onTestFinished, test } from 'vitest'
import { planCrowd, sendCrowd } from './crowd.js'
import type { Handlers } from './plan.js'
import { reconcile, reconcileGarbage } from './reconcile.js'
import { startService } from './service.js'
import { summaryOf } from './summary.js'

const requests = Number(process.env.REQUESTS ?? 800)
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
const replay = `SEED=${seed} REQUESTS=${requests} npm run test:conservation`

const FASTIFY: Handlers = { http1: 'Fastify', http2: 'Fastify' }
const SERVICES: [string, Handlers][] = [
  ['fastify.mjs', FASTIFY],
  ['express.mjs', { http1: 'Express', http2: 'a listener' }],
]

/** What is no request has a start and a completion too, `rejected`, without method and path. */
const GARBAGE_IS_LOGGED = true

test.each(SERVICES)(
  `%s: the log has each request of a crowd once, as it ended [SEED=${seed} REQUESTS=${requests}]`,
  async (file, handlers) => {
    const plan = planCrowd(seed, requests, handlers)
    const service = await startService(file)
    onTestFinished(service.kill)
    await sendCrowd(plan, service)
    const { code, lines } = await service.close()
    if (process.env.REQUESTS !== undefined) console.log(summaryOf(`${file}: ${replay}`, plan, lines))
    expect(code).toBe(0)
    const statuses = GARBAGE_IS_LOGGED ? plan.garbage.map(({ status }) => status) : []
    const disagreements = [...reconcile(handlers, plan.sent, lines), ...reconcileGarbage(statuses, lines)]
    expect(disagreements, `replay: ${replay}`).toEqual([])
  },
  60_000 + requests * 10,
)

test('a seed repeats a crowd', () => {
  const [one, same, other] = [seed, seed, seed + 1].map((each) => planCrowd(each, 200, FASTIFY).sent)
  expect(same).toEqual(one)
  expect(other).not.toEqual(one)
})
