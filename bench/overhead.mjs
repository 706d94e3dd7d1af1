// What request logging adds to the CPU time of a service, per request. The service is a process of its own, its
// stdout a pipe that a third process reads; variants take turns.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'

const VARIANTS = ['bare', 'built-in logging', 'waybill', "waybill, the app's own logger"]
const ROUNDS = Number(process.env.ROUNDS ?? 7)
const SECONDS = Number(process.env.SECONDS ?? 3)
const server = fileURLToPath(new URL('server.mjs', import.meta.url))

async function measure(variant) {
  const reader = spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] })
  const service = spawn(process.execPath, [server, variant], {
    stdio: ['ignore', reader.stdin, 'inherit', 'ipc'],
  })
  reader.stdin.destroy()
  const [{ port }] = await once(service, 'message')
  const load = (duration) =>
    autocannon({ url: `http://127.0.0.1:${port}/users/42`, connections: 50, duration })
  await load(1)
  const before = await ask(service)
  await load(SECONDS)
  const after = await ask(service)
  service.disconnect()
  await once(service, 'exit')
  return {
    cpu: (after.cpu - before.cpu) / (after.answered - before.answered),
    answered: after.answered - before.answered,
  }
}

async function ask(service) {
  service.send('usage')
  const [usage] = await once(service, 'message')
  return usage
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

const rounds = []
for (let round = 0; round < ROUNDS; round++) {
  const figures = {}
  for (const variant of VARIANTS) figures[variant] = await measure(variant)
  rounds.push(figures)
}

/** The median over all rounds of a figure that is taken within a round. */
const over = (figure) => median(rounds.map(figure)).toFixed(2)
const overhead = (round, variant) => round[variant].cpu - round.bare.cpu

console.log(
  `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, ${ROUNDS} rounds of ${SECONDS} s\n`,
)
console.log('| | CPU µs a request | overhead against built-in logging | requests against bare |')
console.log('| --- | --- | --- | --- |')
for (const variant of VARIANTS) {
  const cpu = over((round) => round[variant].cpu)
  const ratio = over((round) => overhead(round, variant) / overhead(round, 'built-in logging'))
  const requests = over((round) => round[variant].answered / round.bare.answered)
  console.log(`| ${variant} | ${cpu} | ${variant === 'bare' ? '–' : ratio} | ${requests} |`)
}
