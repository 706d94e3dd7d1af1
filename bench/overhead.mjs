// What a request log adds to the CPU time of a service, per request: variants take turns, each a process of its own. A
// whole run keeps its results in RESULTS.md, and in README.md what that quotes.
import { parseArgs } from 'node:util'
import { above, overRounds, table } from './harness/figures.mjs'
import { measureInTurns, warnOfIdleness } from './harness/measure.mjs'
import { circumstances, keep, majorOf, methodOf } from './harness/results.mjs'
import { names } from './servers/variants.mjs'

/** What is compared on a framework, and with what the overhead of the others. */
const FRAMEWORKS = {
  fastify: {
    title: 'Fastify',
    script: 'bench',
    reference: 'built-in logging',
    packages: ['fastify', 'pino', 'pino-http', 'morgan', '@mgcrea/fastify-request-logger', 'evlog'],
  },
  express: {
    title: 'Express',
    script: 'bench:express',
    reference: 'morgan',
    packages: ['express', 'pino-http', 'morgan', 'express-winston', 'winston'],
  },
}
/** What nobody can do without, on the framework that has it. */
const FLOOR = 'the floor'
const turns = {
  instances: Number(process.env.INSTANCES ?? 3),
  rounds: Number(process.env.ROUNDS ?? 5),
  seconds: Number(process.env.SECONDS ?? 1),
}

const { values: options } = parseArgs({
  options: {
    framework: { type: 'string', default: 'fastify' },
    // Another Node.js, by its path.
    node: { type: 'string', default: process.execPath },
    // Names of variants, with semicolons between them.
    only: { type: 'string' },
  },
})
const { framework, node, only } = options
const { title, script, reference, packages } = known('framework', framework, FRAMEWORKS)
const all = names[framework]
const wanted = only?.split(/; */).map((name) => known('only', name, all) && name)
const variants = all.filter(
  (name) => wanted === undefined || ['bare', reference, FLOOR, ...wanted].includes(name),
)

function known(option, value, values) {
  const found = Array.isArray(values) ? values.includes(value) : values[value]
  if (found) return found
  const takes = (Array.isArray(values) ? values : Object.keys(values)).join('; ')
  console.error(`option --${option} takes one of ${takes}, got ${value}`)
  process.exit(1)
}

/** How a variant is started and loaded. */
function serviceOf(variant) {
  const headers = variant.endsWith('incoming id') ? { 'X-Request-Id': 'checkout-7f3a9c' } : {}
  return { node, program: 'server.mjs', args: [framework, variant], load: { headers } }
}

const services = Object.fromEntries(variants.map((variant) => [variant, serviceOf(variant)]))
const rounds = await measureInTurns(services, turns)
warnOfIdleness(rounds)

const over = (figure, digits) => overRounds(rounds, figure, digits)

/** The columns: their heads, and what each says of a variant. */
const COLUMNS = {
  '': (variant) => variant,
  'CPU µs a request': (variant) => over((round) => round[variant].cpu, 1),
  'over bare': (variant) => unlessBare(variant, () => over((round) => above(round, variant, 'cpu'), 1)),
  [`against ${reference}`]: (variant) => ratio(variant, 'cpu'),
  'requests against bare': (variant) => over((round) => round[variant].rate / round.bare.rate),
  ...(variants.includes(FLOOR) && { [`against ${FLOOR}`]: (variant) => ratio(variant, 'cpu', FLOOR) }),
  'p99, ms': (variant) => over((round) => round[variant].p99, 1),
  'bytes a request': (variant) => over((round) => round[variant].bytes, 0),
  'kB allocated a request': (variant) => over((round) => round[variant].allocated / 1000, 1),
  [`allocation against ${reference}`]: (variant) => ratio(variant, 'allocated'),
}
const QUOTED = Object.keys(COLUMNS).slice(0, 5)

function unlessBare(variant, figure) {
  return variant === 'bare' ? '–' : figure()
}

/** What a variant takes above bare, against what another takes. */
function ratio(variant, figure, other = reference) {
  const within = (round) => above(round, variant, figure) / above(round, other, figure)
  return unlessBare(variant, () => over(within))
}

function report(columns) {
  return table([columns, ...variants.map((variant) => columns.map((column) => COLUMNS[column](variant)))])
}

const other = node === process.execPath ? '' : ' -- --node PATH'
const where = circumstances(node, ['waybill', ...packages], `npm run ${script}${other}`)
const method = methodOf(turns)
console.log(`${where}\n${method}\n\n${report(Object.keys(COLUMNS))}`)
if (wanted === undefined) {
  const major = majorOf(node)
  const section = `## ${title}, Node.js ${major}\n\n${where}\n${method}\n\n${report(Object.keys(COLUMNS))}`
  keep(`${framework}:${major}`, section, `${where}\n\n${report(QUOTED)}`)
}
