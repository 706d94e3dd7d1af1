import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { withPipe } from './pipe.mjs'

const server = fileURLToPath(new URL('../servers/server.mjs', import.meta.url))
const autocannon = fileURLToPath(new URL('../../node_modules/autocannon/autocannon.js', import.meta.url))
const WARM_UP_SECONDS = 1

/** How a service is loaded. */
const LOAD = { connections: 50, path: '/users/42', headers: {} }

/** Starts a service with its stdout in a pipe that another process reads; `args` are those of its program. */
export async function startService({ node = process.execPath, program = server, args }) {
  const { reader, service } = withPipe(({ read, write }) => ({
    reader: spawn('wc', ['--bytes'], { stdio: [read, 'pipe', 'inherit'] }),
    service: spawn(node, [program, ...args], {
      stdio: ['ignore', write, 'inherit', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
    }),
  }))
  const bytes = text(reader.stdout)
  const [{ port }] = await once(service, 'message')
  return {
    port,
    async ask(task) {
      service.send(task)
      const [answer] = await once(service, 'message')
      return answer
    },
    /** Ends it; gives the bytes that it has written. */
    async end() {
      service.disconnect()
      return Number(await bytes)
    },
  }
}

/** Loads a service from another process. */
export async function load(port, seconds, options) {
  const { connections, path, headers } = { ...LOAD, ...options }
  const fields = Object.entries(headers).flatMap(([name, value]) => ['--headers', `${name}=${value}`])
  const args = ['--json', '--connections', connections, '--duration', seconds, ...fields]
  const loader = spawn(
    process.execPath,
    [autocannon, ...args, `http://127.0.0.1:${port}${path}`].map(String),
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const { requests, latency, non2xx, errors } = JSON.parse(await text(loader.stdout))
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests were not answered as they should be`)
  return { rate: requests.average, p99: latency.p99 }
}

/** What a service uses for a request, by its own account, under load. */
export async function measure(service, seconds, options) {
  const { port, ask, end } = await startService(service)
  await load(port, WARM_UP_SECONDS, options)
  await ask('begin')
  const { rate, p99 } = await load(port, seconds, options)
  const { cpu, answered, allocated } = await ask('end')
  const all = (await ask('count')).answered
  const bytes = await end()
  return { cpu: cpu / answered, allocated: allocated / answered, bytes: bytes / all, rate, p99 }
}

/** Measures variants in turns, round by round. */
export async function measureInTurns(rounds, variants, measureOne) {
  const figures = []
  for (let round = 0; round < rounds; round++) {
    const each = {}
    for (const variant of variants) each[variant] = await measureOne(variant)
    figures.push(each)
  }
  return figures
}
