// Whether a request log costs a service too much: the overhead of waybill against that of built-in logging, in short.
import { above, median, overRounds } from './harness/figures.mjs'
import { measureInTurns, warnOfIdleness } from './harness/measure.mjs'

/** More than the target, so that it holds on a noisy machine too. */
const MAX_RATIO = 0.6
const TURNS = { instances: 3, rounds: 5, seconds: 0.7, warmUpSeconds: 1.5 }
const VARIANTS = ['bare', 'built-in logging', 'waybill, context: false', 'waybill']

const services = VARIANTS.map((variant) => [variant, { program: 'server.mjs', args: ['fastify', variant] }])
const rounds = await measureInTurns(Object.fromEntries(services), TURNS)
warnOfIdleness(rounds)

for (const variant of VARIANTS.slice(2)) {
  const ratio = (round) => above(round, variant, 'cpu') / above(round, 'built-in logging', 'cpu')
  const isCheap = median(rounds.map(ratio)) <= MAX_RATIO
  const verdict = isCheap ? 'ok' : 'too much'
  const figure = overRounds(rounds, ratio)
  console.log(
    `${verdict}: ${variant}: ${figure} of the overhead of built-in logging (at most ${MAX_RATIO.toFixed(2)})`,
  )
  if (!isCheap) process.exitCode = 1
}
