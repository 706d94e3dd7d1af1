// What a request log adds to the CPU time of a service, per request: variants take turns, each a process of its own.
// --framework express, --node PATH, --only 'a; b', --readme; ROUNDS and SECONDS from the environment.
import { parseArgs } from 'node:util'
import { above, overRounds, table } from './harness/figures.mjs'
import { measure, measureInTurns } from './harness/measure.mjs'
import { circumstances, keep, majorOf, quote } from './harness/results.mjs'
import { names } from './servers/variants.mjs'

const { values: options } = parseArgs({
  options: {
    framework: { type: 'string', default: 'fastify' },
    node: { type: 'string', default: process.execPath },
    only: { type: 'string' },
    readme: { type: 'boolean', default: false },
  },
})
const { framework, node, only } = options
const ROUNDS = Number(process.env.ROUNDS ?? 7)
const SECONDS = Number(process.env.SECONDS ?? 3)
/** What the overhead of the others is compared with. */
const REFERENCE = { fastify: 'built-in logging', express: 'morgan' }[framework]
const PACKAGES = {
  fastify: ['waybill', 'fastify', 'pino', 'pino-http', 'morgan', '@mgcrea/fastify-request-logger', 'evlog'],
  express: ['waybill', 'express', 'pino-http', 'morgan', 'express-winston', 'winston'],
}[framework]

const wanted = only?.split(/; */)
const variants = names[framework].filter(
  (name) => wanted === undefined || [...wanted, 'bare', REFERENCE].includes(name),
)

const rounds = await measureInTurns(ROUNDS, variants, (variant) => {
  const headers = variant.endsWith('incoming id') ? { 'X-Request-Id': 'checkout-7f3a9c' } : {}
  return measure({ node, args: [framework, variant] }, SECONDS, { headers })
})

const over = (figure, digits) => overRounds(rounds, figure, digits)
const ratio = (variant, figure) => (round) => above(round, variant, figure) / above(round, REFERENCE, figure)
const rows = variants.map((variant) => [
  variant,
  over((round) => round[variant].cpu, 1),
  ...(variant === 'bare'
    ? ['–', '–']
    : [over((round) => above(round, variant), 1), over(ratio(variant, 'cpu'))]),
  over((round) => round[variant].rate / round.bare.rate),
  over((round) => round[variant].p99, 0),
  over((round) => round[variant].bytes, 0),
  over((round) => round[variant].allocated / 1000, 1),
  variant === 'bare' ? '–' : over(ratio(variant, 'allocated')),
])
const head = [
  '',
  'CPU µs a request',
  'over bare',
  `against ${REFERENCE}`,
  'requests against bare',
  'p99, ms',
  'bytes a request',
  'allocated, kB a request',
  `against ${REFERENCE}`,
]
const script = framework === 'fastify' ? 'bench' : 'bench:express'
const where = circumstances(node, PACKAGES, `npm run ${script}`)
const method = `The median of ${ROUNDS} rounds of ${SECONDS} s, and the least and the most.`
const report = table([head, ...rows])
console.log(`${where}\n${method}\n\n${report}`)
if (wanted === undefined) {
  const major = majorOf(node)
  const title = `## ${framework === 'fastify' ? 'Fastify' : 'Express'}, Node.js ${major}`
  keep(`${framework}:${major}`, `${title}\n\n${where}\n${method}\n\n${report}`)
  if (options.readme) {
    const short = rows.map((row) => row.slice(0, 5).map((cell) => cell.replace(/ \(.*/, '')))
    quote(`${framework}:${major}`, `${where}\n\n${table([head.slice(0, 5), ...short])}`)
  }
}
