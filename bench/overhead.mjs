// What a request log adds to the CPU time of a service per request. Variants take turns, each in its own process; the lowest
// turn of each counts, because other load on the machine only ever adds to a turn. A complete run writes its results to
// docs/performance.md, and their quotation to README.md.
import { parseArgs } from 'node:util'
import { lowest, partOfLowest, table } from './harness/figures.mjs'
import { measureInTurns, warnOfIdleness } from './harness/measure.mjs'
import { circumstances, keep, majorOf, methodOf } from './harness/results.mjs'
import { names } from './servers/variants.mjs'

/** The variants on each framework, and the one with which their overhead is compared. */
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
/** The minimum that any request log needs, on the framework that has it. */
const FLOOR = 'the floor'
const turns = {
  instances: Number(process.env.INSTANCES ?? 4),
  rounds: Number(process.env.ROUNDS ?? 5),
  seconds: Number(process.env.SECONDS ?? 1),
}

const { values: options } = parseArgs({
  options: {
    framework: { type: 'string', default: 'fastify' },
    // The path of another Node.js.
    node: { type: 'string', default: process.execPath },
    // Names of variants, separated by semicolons.
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

/** Describes how a variant is started and loaded. */
function serviceOf(variant) {
  const headers = variant.endsWith('incoming id') ? { 'X-Request-Id': 'checkout-7f3a9c' } : {}
  return { node, program: 'server.mjs', args: [framework, variant], load: { headers } }
}

const services = Object.fromEntries(variants.map((variant) => [variant, serviceOf(variant)]))
const rounds = await measureInTurns(services, turns)
warnOfIdleness(rounds)

const PARTS_OF_CPU = ['user', 'system']
const low = (variant, figure) =>
  PARTS_OF_CPU.includes(figure) ? partOfLowest(rounds, variant, figure) : lowest(rounds, variant, figure)
/** Returns what a variant uses above bare, lowest against lowest. */
const overhead = (variant, figure = 'cpu') => low(variant, figure) - low('bare', figure)
const highestRate = (variant) => Math.max(...rounds.map((round) => round[variant].rate))

/** The columns: their heads, and their cell for a variant. */
const COLUMNS = {
  '': (variant) => variant,
  'CPU µs a request': (variant) => low(variant, 'cpu').toFixed(1),
  user: (variant) => low(variant, 'user').toFixed(1),
  system: (variant) => low(variant, 'system').toFixed(1),
  'over bare': (variant) => unlessBare(variant, () => overhead(variant).toFixed(1)),
  [`against ${reference}`]: (variant) => ratio(variant, 'cpu'),
  'requests against bare': (variant) => (highestRate(variant) / highestRate('bare')).toFixed(2),
  ...(variants.includes(FLOOR) && { [`against ${FLOOR}`]: (variant) => ratio(variant, 'cpu', FLOOR) }),
  'p99, ms': (variant) => low(variant, 'p99').toFixed(1),
  'bytes a request': (variant) => low(variant, 'bytes').toFixed(0),
  'kB allocated a request': (variant) => (low(variant, 'allocated') / 1000).toFixed(1),
  [`allocation against ${reference}`]: (variant) => ratio(variant, 'allocated'),
}

function unlessBare(variant, figure) {
  return variant === 'bare' ? '–' : figure()
}

/** Returns the overhead of a variant divided by that of another. */
function ratio(variant, figure, other = reference) {
  return unlessBare(variant, () => (overhead(variant, figure) / overhead(other, figure)).toFixed(2))
}

function report() {
  const columns = Object.entries(COLUMNS)
  const rows = variants.map((variant) => columns.map(([, figureOf]) => figureOf(variant)))
  return table([columns.map(([head]) => head), ...rows])
}

/** The parts of the overhead: each is the difference of two variants. */
const PARTS = {
  "tracking: `level: 'silent', context: false`": ['waybill, tracking alone', 'bare'],
  'lines: `context: false` above tracking': ['waybill, context: false', 'waybill, tracking alone'],
  'context: every default above `context: false`': ['waybill', 'waybill, context: false'],
  'waybill, all together': ['waybill', 'bare'],
  [reference]: [reference, 'bare'],
}

/** Reports where the overhead goes; empty unless every variant of the table was measured. */
function reportParts() {
  if (
    !Object.values(PARTS)
      .flat()
      .every((variant) => variants.includes(variant))
  )
    return ''
  const rows = Object.entries(PARTS).map(([part, [variant, below]]) => {
    const [cpu, user, system] = ['cpu', 'user', 'system'].map(
      (figure) => low(variant, figure) - low(below, figure),
    )
    const against = cpu / overhead(reference)
    return [part, ...[cpu, user, system].map((figure) => figure.toFixed(1)), against.toFixed(2)]
  })
  const head = ['where the overhead goes', 'CPU µs a request', 'user', 'system', `against ${reference}`]
  return `\n\n${table([head, ...rows])}`
}

const other = node === process.execPath ? '' : ' -- --node PATH'
const where = circumstances(node, ['waybill', ...packages], `npm run ${script}${other}`)
const method = methodOf(turns, 'The lowest')
const results = `${where}\n${method}\n\n${report()}${reportParts()}`
console.log(results)
if (wanted === undefined) {
  const major = majorOf(node)
  keep(`${framework}:${major}`, `## ${title}, Node.js ${major}\n\n${results}`)
}
