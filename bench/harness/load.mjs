import { fork } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ask } from './child.mjs'
import { onCores } from './cores.mjs'

const program = fileURLToPath(new URL('loader.mjs', import.meta.url))
/** The load of a service. */
const LOAD = { connections: 50, paths: ['/users/42'], headers: {} }
/** How long connections take to open, and to close, in milliseconds. */
const SETTLE_MS = 100
const SETTLE_MS_EACH = 0.5

/** Starts the process that loads services. */
export function startLoader() {
  const [command, args] = onCores('load', process.execPath, [program])
  const loader = fork(args.at(-1), { execPath: command, execArgv: args.slice(0, -1) })
  return {
    /** Loads a service while a function runs, once connections are open; returns its result. */
    async during(port, options, act) {
      const load = { ...LOAD, ...options }
      const settle = () => wait(SETTLE_MS + load.connections * SETTLE_MS_EACH)
      await ask(loader, { task: 'start', port, ...load })
      await settle()
      await ask(loader, { task: 'p99' })
      const result = await act()
      refuseFailures(await ask(loader, { task: 'stop' }))
      await settle()
      return result
    },
    /** Sends requests to a service, and waits for their answers. */
    async send(port, amount, options) {
      refuseFailures(await ask(loader, { task: 'send', port, amount, ...LOAD, ...options }))
    },
    /** Returns the 99th percentile of latencies since the last call, or since connections were opened. */
    p99: async () => (await ask(loader, { task: 'p99' })).p99,
    end: () => loader.disconnect(),
  }
}

function refuseFailures({ failed }) {
  if (failed > 0) throw new Error(`${failed} requests were not answered as they should be`)
}
