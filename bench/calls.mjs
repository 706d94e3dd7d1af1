// What a call to another service costs more since its request is logged: that it is followed, and that the id goes along.
// Keeps its results in RESULTS.md.
import { overRounds, table } from './harness/figures.mjs'
import { measureInTurns, warnOfIdleness } from './harness/measure.mjs'
import { circumstances, keep, majorOf, methodOf } from './harness/results.mjs'
import { startService } from './harness/service.mjs'

const TURNS = {
  instances: Number(process.env.INSTANCES ?? 5),
  rounds: Number(process.env.ROUNDS ?? 5),
  seconds: Number(process.env.SECONDS ?? 0.7),
}
/** For each request, one after the other: the request itself weighs less then. */
const CALLS = Number(process.env.CALLS ?? 5)
const LOGGERS = ['bare', 'waybill, propagate: false', 'waybill']
const CLIENTS = ['undici', 'fetch', 'node:http']

const upstream = await startService({ program: 'upstream.mjs', args: [], kind: 'load' })
const services = ['none', ...CLIENTS].flatMap((client) =>
  LOGGERS.map((logger) => [
    `${client} ${logger}`,
    { program: 'calls.mjs', args: [logger, client, CALLS, upstream.port] },
  ]),
)
const rounds = await measureInTurns(Object.fromEntries(services), TURNS)
await upstream.end()
warnOfIdleness(rounds)

/** What a call takes: a request with calls, without what one without takes. */
function callCost(round, client, logger) {
  return (round[`${client} ${logger}`].cpu - round[`none ${logger}`].cpu) / CALLS
}

function rowOf(client) {
  const [bare, silent, propagating] = LOGGERS.map((logger) => (round) => callCost(round, client, logger))
  const withCalls = (logger) => (round) => round[`${client} ${logger}`].cpu / CALLS
  const [, without, along] = LOGGERS.map(withCalls)
  const over = (figure) => overRounds(rounds, figure, 2)
  return [
    client,
    ...[bare, silent, propagating].map((figure) => overRounds(rounds, figure, 1)),
    over((round) => silent(round) - bare(round)),
    over((round) => along(round) - without(round)),
  ]
}

const HEAD = ['CPU µs a call', ...LOGGERS, 'that it is followed', 'that the id goes along']
const major = majorOf(process.execPath)
const results = `## Calls to other services, Node.js ${major}

${circumstances(process.execPath, ['waybill', 'fastify', 'undici'], 'npm run bench:calls')}
${methodOf(TURNS)}
A request makes ${CALLS} calls, one after the other, over connections that are kept alive. Following is what a call takes with
\`propagate: false\` above bare; the id going along is what \`waybill\` takes above that.

${table([HEAD, ...CLIENTS.map(rowOf)])}`
console.log(results)
keep(`calls:${major}`, results)
