// Whether a request log costs a service too much: the overhead of waybill against that of built-in logging, in short.
import { above, median } from './harness/figures.mjs'
import { measure, measureInTurns } from './harness/measure.mjs'

/** Above the target, since the machines that this runs on are noisy. */
const MAX_RATIO = 0.6
const ROUNDS = 5
const SECONDS = 1
const VARIANTS = ['bare', 'built-in logging', 'waybill, context: false', 'waybill']

const rounds = await measureInTurns(ROUNDS, VARIANTS, (variant) =>
  measure({ args: ['fastify', variant] }, SECONDS),
)
for (const variant of VARIANTS.slice(2)) {
  const ratio = median(
    rounds.map((round) => above(round, variant, 'cpu') / above(round, 'built-in logging', 'cpu')),
  )
  const verdict = ratio <= MAX_RATIO ? 'ok' : 'too much'
  console.log(
    `${verdict}: ${variant}: ${ratio.toFixed(2)} of the overhead of built-in logging (at most ${MAX_RATIO})`,
  )
  if (ratio > MAX_RATIO) process.exitCode = 1
}
