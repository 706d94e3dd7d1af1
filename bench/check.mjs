// Whether a request log costs a service too much: the overhead of waybill against that of built-in logging, in short.
import { above, median, overRounds } from './harness/figures.mjs'
import { measureInTurns, warnOfIdleness } from './harness/measure.mjs'

/** More than is aimed at, so that it holds on a noisy machine. */
const MAX_RATIO = 0.6
const CHECKED = ['waybill, context: false', 'waybill']
const VARIANTS = ['bare', 'built-in logging', ...CHECKED]
/** Services that are hardly warm cost twice as much. */
const TURNS = { instances: 3, rounds: 5, seconds: 0.7, warmUpSeconds: 4 }
/** What is too much twice was not the machine. */
const TRIES = 2

async function isCheap() {
  const services = VARIANTS.map((variant) => [variant, { program: 'server.mjs', args: ['fastify', variant] }])
  const rounds = await measureInTurns(Object.fromEntries(services), TURNS)
  warnOfIdleness(rounds)
  const verdicts = CHECKED.map((variant) => {
    const ratio = (round) => above(round, variant, 'cpu') / above(round, 'built-in logging', 'cpu')
    const isBelow = median(rounds.map(ratio)) <= MAX_RATIO
    const figure = overRounds(rounds, ratio)
    console.log(
      `${isBelow ? 'ok' : 'too much'}: ${variant}: ${figure} of the overhead of built-in logging (at most ${MAX_RATIO.toFixed(2)})`,
    )
    return isBelow
  })
  return verdicts.every(Boolean)
}

let isOk = false
for (let turn = 0; turn < TRIES && !isOk; turn++) isOk = await isCheap()
if (!isOk) process.exitCode = 1
