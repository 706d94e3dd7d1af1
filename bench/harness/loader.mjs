// The load: one process for all services, which asks one at a time, as it is told.
import autocannon from 'autocannon'

let load
let latencies = []

const tasks = {
  /** Begins to ask a service for its paths, in turn on each connection. */
  start({ port, connections, paths, headers }) {
    load = autocannon({
      url: `http://127.0.0.1:${port}${paths[0]}`,
      connections,
      headers,
      requests: paths.length > 1 ? paths.map((path) => ({ path })) : undefined,
      // Until it is stopped, which it notices between two samples.
      duration: 1e6,
      sampleInt: 20,
    })
    load.on('response', (_client, _status, _bytes, ms) => latencies.push(ms))
    return {}
  },
  /** Asks a service for its path a number of times. */
  async send({ port, connections, paths, headers, amount }) {
    const url = `http://127.0.0.1:${port}${paths[0]}`
    const { non2xx, errors } = await autocannon({ url, connections, headers, amount })
    return { failed: non2xx + errors }
  },
  /** The latency, in milliseconds, above which is one answer in a hundred of those since this was asked last. */
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
