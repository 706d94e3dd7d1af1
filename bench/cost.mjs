// Checks the cost of the request log by figures that don't depend on the speed of the machine: bytes allocated and write
// calls per request, each above bare and compared with built-in logging.
import { startLoader } from './harness/load.mjs'
import { startService } from './harness/service.mjs'

const VARIANTS = ['bare', 'built-in logging', 'waybill']
/** By the number of connections: the warm-up requests, and the measured ones. */
const LOADS = { 50: { warmUp: 10_000, requests: 20_000 }, 1: { warmUp: 1000, requests: 5000 } }
/** How much waybill may allocate, as a fraction of built-in logging. */
const MAX_ALLOCATION = 0.3
/** The lines of a request that runs alone go out in one call. */
const MAX_WRITES = 1.1

const loader = startLoader()

/** Measures what a variant uses per request, by the number of connections. */
async function measure(variant) {
  const { port, ask, end } = await startService({ program: 'server.mjs', args: ['fastify', variant] })
  const figures = {}
  for (const connections of [50, 1]) {
    const { warmUp, requests } = LOADS[connections]
    await loader.send(port, warmUp, { connections })
    await ask('begin')
    await loader.send(port, requests, { connections })
    const { answered, allocated, writes } = await ask('end')
    if (answered < requests) throw new Error(`${variant} answered ${answered} of ${requests} requests`)
    figures[connections] = { allocated: allocated / answered, writes: writes / answered }
  }
  await end()
  return figures
}

const measured = {}
for (const variant of VARIANTS) measured[variant] = await measure(variant)
loader.end()

/** Returns what built-in logging and waybill use above bare. */
function overheads(connections, figure) {
  const [bare, builtIn, waybill] = VARIANTS.map((variant) => measured[variant][connections][figure])
  return { builtIn: builtIn - bare, waybill: waybill - bare }
}

function judge(isOk, text) {
  console.log(`${isOk ? 'ok' : 'too much'}: ${text}`)
  if (!isOk) process.exitCode = 1
}

const overheadText = ({ waybill, builtIn }, digits) =>
  `${waybill.toFixed(digits)} above bare, built-in logging ${builtIn.toFixed(digits)}`

const allocated = overheads(50, 'allocated')
const ratio = allocated.waybill / allocated.builtIn
judge(
  ratio <= MAX_ALLOCATION,
  `bytes allocated a request: ${overheadText(allocated, 0)}: ${ratio.toFixed(2)} of it (at most ${MAX_ALLOCATION.toFixed(2)})`,
)

if (process.platform === 'linux') {
  const alone = overheads(1, 'writes')
  judge(
    alone.waybill <= Math.min(alone.builtIn, MAX_WRITES),
    `write calls a request, one connection: ${overheadText(alone, 2)} (at most that, and ${MAX_WRITES.toFixed(2)})`,
  )
  // How many requests share a call depends on the load, so this is not judged.
  console.log(
    `not judged: write calls a request, 50 connections: ${overheadText(overheads(50, 'writes'), 2)}`,
  )
}
