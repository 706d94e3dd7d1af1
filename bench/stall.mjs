// How a stalled reader of stdout affects a service under full load. The service writes to a real pipe, whose reader is
// stopped for SECONDS and then continued. Exits with code 1 if a line was torn or not accounted for.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { withPipe } from './harness/pipe.mjs'

const SECONDS = Number(process.env.SECONDS ?? 60)
const CONNECTIONS = 50
const MAX_P99_RATIO = 2
const MAX_GROWTH_MB = 32

const server = fileURLToPath(new URL('servers/server.mjs', import.meta.url))
const autocannon = fileURLToPath(new URL('../node_modules/autocannon/autocannon.js', import.meta.url))
const folder = fs.mkdtempSync(join(tmpdir(), 'stall-'))
const file = join(folder, 'out.log')

const { reader, service } = withPipe(({ read, write }) => ({
  reader: spawn('cat', { stdio: [read, fs.openSync(file, 'w'), 'inherit'] }),
  service: spawn(process.execPath, [server, 'fastify', 'waybill'], {
    stdio: ['ignore', write, 'inherit', 'ipc'],
  }),
}))
const [{ port }] = await once(service, 'message')

/** Loads the service from another process, and samples its memory. */
async function load(seconds) {
  const url = `http://127.0.0.1:${port}/users/42`
  const args = [autocannon, '--json', '--connections', CONNECTIONS, '--duration', seconds, url]
  const loader = spawn(process.execPath, args.map(String), { stdio: ['ignore', 'pipe', 'ignore'] })
  let memory = 0
  const watch = setInterval(() => {
    memory = Math.max(memory, residentMb())
  }, 100)
  const { requests, latency, non2xx, errors } = JSON.parse((await loader.stdout.toArray()).join(''))
  clearInterval(watch)
  return { answered: requests.total, p99: latency.p99, failed: non2xx + errors, memory }
}

function residentMb() {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${service.pid}/status`, 'latin1'))
  return Number(kilobytes) / 1024
}

/** Counts what the reader read: events, lines about dropped lines, and torn lines. */
async function countLines() {
  const counts = { events: 0, drops: 0, dropped: 0, torn: 0 }
  for await (const line of createInterface(fs.createReadStream(file))) {
    try {
      const { event = '', dropped } = JSON.parse(line)
      if (event.startsWith('request.')) counts.events++
      else if (event === 'log.dropped') {
        counts.drops++
        counts.dropped += dropped
      }
    } catch {
      counts.torn++
    }
  }
  return counts
}

const started = residentMb()
await load(Math.min(SECONDS, 10))
const idle = residentMb()
const reading = await load(Math.min(SECONDS, 20))
reader.kill('SIGSTOP')
const stalled = await load(SECONDS)
reader.kill('SIGCONT')
const again = await load(Math.min(SECONDS, 10))

service.send('count')
const [{ received }] = await once(service, 'message')
service.disconnect()
await once(reader, 'exit')
const { events, drops, dropped, torn } = await countLines()
fs.rmSync(folder, { recursive: true })

console.log(
  `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, ${CONNECTIONS} connections, a stall of ${SECONDS} s\n`,
)
console.log('| | requests answered | failed | p99, ms | memory, MB |')
console.log('| --- | --- | --- | --- | --- |')
const row = (when, { answered = '–', failed = '–', p99 = '–', memory }) =>
  console.log(`| ${when} | ${answered} | ${failed} | ${p99} | ${memory.toFixed(1)} |`)
row('just started', { memory: started })
row('idle after a first load', { memory: idle })
row('load, the reader reads', reading)
row('load, the reader stalls', stalled)
row('load, the reader goes on', again)

const checks = [
  ['hard', 'requests were answered while the reader stalled', stalled.answered > 0 && stalled.failed === 0],
  ['hard', `no line is torn (${torn})`, torn === 0],
  ['hard', `one line tells of what was dropped (${drops})`, drops === 1],
  [
    'hard',
    `${events} lines read + ${dropped} counted as dropped = 2 × ${received} requests`,
    events + dropped === 2 * received,
  ],
  [
    'target',
    `p99 is ${(stalled.p99 / reading.p99).toFixed(2)} times what it was (at most ${MAX_P99_RATIO})`,
    stalled.p99 <= MAX_P99_RATIO * reading.p99,
  ],
  ...Object.entries({ 'the same load before': reading.memory, idle }).map(([what, memory]) => [
    'target',
    `memory is ${(stalled.memory - memory).toFixed(1)} MB above ${what} (at most ${MAX_GROWTH_MB})`,
    stalled.memory - memory <= MAX_GROWTH_MB,
  ]),
]
console.log()
for (const [kind, what, holds] of checks) console.log(`${holds ? 'ok    ' : 'BROKEN'} ${kind}: ${what}`)
process.exitCode = checks.every(([kind, , holds]) => holds || kind === 'target') ? 0 : 1
