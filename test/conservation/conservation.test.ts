import { expect, onTestFinished, test } from 'vitest'
import type { Line } from '../support/capture.js'
import { planCrowd, sendCrowd } from './crowd.js'
import { isOneOf, misplacedLines, reconcileKept, weigh } from './kept.js'
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

const QUIET = ['/plain', '/streamed', '/parameters/*', '/endless', '/failing', '/waiting', '/json', '/socket']
const RATE = 0.3

test.each(SERVICES)(
  `%s: quiet, sampled and held, the log has each request that has to be kept [SEED=${seed} REQUESTS=${requests}]`,
  async (file, handlers) => {
    for (const policy of [{ quiet: QUIET }, { sample: { rate: RATE, perRoute: 0 } }]) {
      const plan = planCrowd(seed, Math.ceil(requests / 2), handlers)
      const service = await startService(file, { ...policy, hold: 'debug' })
      onTestFinished(service.kill)
      await sendCrowd(plan, service)
      const { code, lines } = await service.close()
      expect(code).toBe(0)
      const statuses = plan.garbage.map(({ status }) => status)
      const isFree = 'quiet' in policy ? isOneOf(QUIET) : () => true
      const isKeptById = ({ sample_rate: rate }: Line): boolean => rate === RATE
      const disagreements = [
        ...reconcileKept(handlers, plan.sent, lines, isFree, isKeptById),
        ...reconcileGarbage(statuses, lines),
        ...misplacedLines(lines),
      ]
      expect(disagreements, `${JSON.stringify(policy)}, replay: ${replay}`).toEqual([])
      if ('quiet' in policy) continue
      // Four standard deviations, and the few requests that the server may never have seen.
      const spread = 4 * Math.sqrt(plan.sent.length * (1 / RATE - 1)) + 0.02 * plan.sent.length
      expect(Math.abs(weigh(lines) - plan.sent.length), `replay: ${replay}`).toBeLessThan(spread)
      if (process.env.REQUESTS !== undefined)
        console.log(
          `${file}: ${plan.sent.length} requests sent, ${weigh(lines).toFixed(0)} restored of a sample`,
        )
    }
  },
  60_000 + requests * 10,
)

test('a seed repeats a crowd', () => {
  const [one, same, other] = [seed, seed, seed + 1].map((each) => planCrowd(each, 200, FASTIFY).sent)
  expect(same).toEqual(one)
  expect(other).not.toEqual(one)
})
