// The load generator: one process for all services, which loads one at a time, on command.
import autocannon from 'autocannon'

let load
let latencies = []

const tasks = {
  /** Starts to request a service's paths, in turn on each connection. */
  start({ port, connections, paths, headers }) {
    load = autocannon({
      url: `http://127.0.0.1:${port}${paths[0]}`,
      connections,
      headers,
      requests: paths.length > 1 ? paths.map((path) => ({ path })) : undefined,
      // Until it is stopped, which takes effect between two samples.
      duration: 1e6,
      sampleInt: 20,
    })
    load.on('response', (_client, _status, _bytes, ms) => latencies.push(ms))
    return {}
  },
  /** Requests a service's first path a number of times. */
  async send({ port, connections, paths, headers, amount }) {
    const url = `http://127.0.0.1:${port}${paths[0]}`
    const { non2xx, errors } = await autocannon({ url, connections, headers, amount })
    return { failed: non2xx + errors }
  },
  /** Returns the 99th percentile of latencies since the last call, in milliseconds. */
  p99() {
    const sorted = Float64Array.from(latencies).sort()
    latencies = []
    return { p99: sorted[Math.floor(sorted.length * 0.99)] }
  },
  async stop() {
    load.stop()
    const { non2xx, errors } = await load
    latencies = []
    return { failed: non2xx + errors }
  },
}

process.on('message', async ({ task, ...options }) => process.send(await tasks[task](options)))
process.on('disconnect', () => process.exit())
