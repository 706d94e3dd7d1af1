// What the request log adds to the cost of a call to another service: tracking the call, and sending the id with it.
// Writes its results to docs/performance.md.
import { overRounds, table } from './harness/figures.mjs'
import { measureInTurns, warnOfIdleness } from './harness/measure.mjs'
import { circumstances, keep, majorOf, methodOf } from './harness/results.mjs'
import { startService } from './harness/service.mjs'

const TURNS = {
  instances: Number(process.env.INSTANCES ?? 4),
  rounds: Number(process.env.ROUNDS ?? 4),
  seconds: Number(process.env.SECONDS ?? 0.7),
  // V8 compiles `fetch` late.
  warmUpSeconds: 3,
}
/** Calls per request, one after the other, so that the request itself weighs less. */
const CALLS = Number(process.env.CALLS ?? 5)
const LOGGERS = ['bare', 'bare, with AsyncLocalStorage', 'waybill, propagate: false', 'waybill']
const CLIENTS = ['undici', 'fetch', 'node:http']
const INSIDE = { paths: ['/call/shop.internal'] }
const OUTSIDE = { paths: ['/call/shop.external'] }

const upstream = await startService({ program: 'upstream.mjs', args: [], kind: 'load' })
const services = {}
for (const client of ['none', ...CLIENTS]) {
  for (const logger of LOGGERS) {
    const args = [logger, client, CALLS, upstream.port]
    services[`${client} ${logger}`] = { program: 'calls.mjs', args, load: INSIDE }
  }
}
for (const client of CLIENTS) {
  services[`${client} outside`] = { sharing: `${client} waybill`, load: OUTSIDE }
}
const rounds = await measureInTurns(services, TURNS)
await upstream.end()
warnOfIdleness(rounds)

/** The CPU time of a call: that of a request with calls minus that of one without. */
function callCost(round, client, logger) {
  return (round[`${client} ${logger}`].cpu - round[`none ${logger}`].cpu) / CALLS
}

/** What sending the id adds to a call, measured in one process. */
function idCost(round, client) {
  return (round[`${client} waybill`].cpu - round[`${client} outside`].cpu) / CALLS
}

function rowOf(client) {
  const over = (figure) =>
    overRounds(rounds, (round) => figure((logger) => callCost(round, client, logger)), 1)
  const [bare, stored, silent] = LOGGERS
  return [
    client,
    ...LOGGERS.map((logger) => over((cost) => cost(logger))),
    over((cost) => cost(stored) - cost(bare)),
    over((cost) => cost(silent) - cost(stored)),
    overRounds(rounds, (round) => idCost(round, client)),
  ]
}

const HEAD = ['CPU µs a call', ...LOGGERS, 'storage', 'following', 'the id']
const major = majorOf(process.execPath)
const results = `## Calls to other services, Node.js ${major}

${circumstances(process.execPath, ['waybill', 'fastify', 'undici'], 'npm run bench:calls')}
${methodOf(TURNS)}
A request makes ${CALLS} calls, one after the other, over connections that are kept alive. Storage is what a call takes more
within an AsyncLocalStorage, which any log takes that calls are followed for; following is what it takes with \`propagate: false\`
above that; the id is what a call to an inside host, which it goes along with, takes above one to an outside host, with
which it does not, both from one process of \`waybill\`.

${table([HEAD, ...CLIENTS.map(rowOf)])}`
console.log(results)
keep(`calls:${major}`, results)
