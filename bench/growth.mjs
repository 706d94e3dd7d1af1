// How the cost of the request log grows with the size of a service. Writes its results to docs/performance.md.
import { above, overRounds, table } from './harness/figures.mjs'
import { measureInTurns } from './harness/measure.mjs'
import { circumstances, keep, majorOf, methodOf } from './harness/results.mjs'

const TURNS = {
  instances: Number(process.env.INSTANCES ?? 2),
  rounds: Number(process.env.ROUNDS ?? 3),
  seconds: Number(process.env.SECONDS ?? 0.4),
  warmUpSeconds: 1,
}
const LOGGERS = ['bare', 'built-in logging', 'waybill']
const USER = '/users/42'

/** What grows: its sizes, and the load of the service at each. */
const GROWN = {
  connections: { sizes: [1, 10, 100, 1000], load: (connections) => ({ connections }) },
  fields: { title: 'added fields', sizes: [1, 5, 10, 50], load: () => ({}) },
  bytes: {
    title: 'bytes of path',
    sizes: [10, 100, 1000, 4000],
    load: (bytes) => ({ paths: [USER.padEnd(bytes, '0')] }),
  },
  routes: {
    sizes: [1, 50, 500],
    load: (routes) => ({
      paths: [USER, ...Array.from({ length: routes - 1 }, (_, at) => `/r${at + 1}/42`)],
    }),
  },
}

/** Measures the cost at each size of one thing, by size and logger. */
async function measureGrowth([grown, { title = grown, sizes, load }]) {
  const conditions = sizes.flatMap((size) => LOGGERS.map((logger) => ({ size, logger })))
  const services = conditions.map(({ size, logger }) => [
    `${size} ${logger}`,
    { program: 'growth.mjs', args: [logger, grown, size], load: load(size) },
  ])
  const rounds = await measureInTurns(Object.fromEntries(services), TURNS)
  return sizes.map((size) => {
    const ofSize = rounds.map((round) =>
      Object.fromEntries(LOGGERS.map((logger) => [logger, round[`${size} ${logger}`]])),
    )
    return rowOf(`${title}: ${size}`, ofSize)
  })
}

function rowOf(condition, rounds) {
  const over = (logger) => overRounds(rounds, (round) => above(round, logger, 'cpu'), 1)
  const ratio = (round) => above(round, 'waybill', 'cpu') / above(round, 'built-in logging', 'cpu')
  const bare = overRounds(rounds, (round) => round.bare.cpu, 1)
  return [condition, bare, over('built-in logging'), over('waybill'), overRounds(rounds, ratio)]
}

const rows = []
for (const grown of Object.entries(GROWN)) rows.push(...(await measureGrowth(grown)))

const major = majorOf(process.execPath)
const results = `## How the cost grows, Node.js ${major}

${circumstances(process.execPath, ['waybill', 'fastify', 'pino'], 'npm run bench:growth')}
${methodOf(TURNS)}
Built-in logging can't add fields to its line: it writes one more, which holds them. A request for one of many routes asks for
each in turn.

${table([['CPU µs a request', 'bare', 'built-in logging over bare', 'waybill over bare', 'ratio'], ...rows])}`
console.log(results)
keep(`growth:${major}`, results)
