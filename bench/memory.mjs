// How the request log affects the memory of a service, and its slowest answers, in MINUTES at full load. Writes its results
// to docs/performance.md.
import { setTimeout as wait } from 'node:timers/promises'
import { pinning } from './harness/cores.mjs'
import { median, table } from './harness/figures.mjs'
import { startLoader } from './harness/load.mjs'
import { circumstances, keep, majorOf } from './harness/results.mjs'
import { startService } from './harness/service.mjs'

const MINUTES = Number(process.env.MINUTES ?? 10)
const VARIANTS = ['bare', 'built-in logging', 'waybill']
/** How often memory and latencies are sampled. */
const PARTS = 10
const IDLE_MS = 2000

/** Loads a service all the time, and samples it in each part. */
async function measure(variant) {
  const loader = startLoader()
  const { port, ask, end } = await startService({
    flags: ['--expose-gc'],
    program: 'server.mjs',
    args: ['fastify', variant],
  })
  const started = await ask('memory')
  const parts = []
  await loader.during(port, {}, async () => {
    for (let part = 0; part < PARTS; part++) {
      await wait((MINUTES * 60_000) / PARTS)
      parts.push({ ...(await ask('memory')), p99: await loader.p99() })
    }
  })
  await wait(IDLE_MS)
  const idle = await ask('memory')
  const collected = await ask('collected')
  const { answered } = await ask('count')
  await end()
  loader.end()
  return { started, parts, idle, collected, answered }
}

function rowOf(variant, { started, parts, idle, collected, answered }) {
  const resident = [started, parts[0], parts[PARTS / 2 - 1], parts.at(-1), collected]
  const p99s = parts.map(({ p99 }) => p99)
  return [
    variant,
    `${(answered / 1e6).toFixed(2)} M`,
    ...resident.map(({ rss }) => megabytes(rss)),
    megabytes(idle.heapUsed),
    megabytes(collected.heapUsed),
    ...[p99s[0], median(p99s), Math.max(...p99s), p99s.at(-1)].map((p99) => p99.toFixed(1)),
  ]
}

function megabytes(bytes) {
  return (bytes / 2 ** 20).toFixed(1)
}

const rows = await Promise.all(VARIANTS.map(async (variant) => rowOf(variant, await measure(variant))))

const HEAD = [
  '',
  'requests',
  ...['at the start', `after ${MINUTES / PARTS} min`, `after ${MINUTES / 2} min`, `after ${MINUTES} min`],
  'collected',
  'heap after the load',
  'heap, collected',
  ...['p99, ms: first part', 'median', 'worst', 'last'],
]
const major = majorOf(process.execPath)
const results = `## Memory, Node.js ${major}

${circumstances(process.execPath, ['waybill', 'fastify', 'pino'], 'npm run bench:memory')}
${pinning} Full load over 50 connections each for ${MINUTES} minutes, all services at once on one core. Resident memory and heap in
MB; the p99 of each of ${PARTS} parts of the time; collected means after \`gc()\`. The readers of stdout share their core with
the load, so that they may fall behind: what is not read by then, a log holds or drops.

${table([HEAD, ...rows])}`
console.log(results)
keep(`memory:${major}`, results)
