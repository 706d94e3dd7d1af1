import fs from 'node:fs'
import { GCProfiler } from 'node:v8'

/**
 * Reports the port of a server, and what its process has used and answered since it was told to begin; exits when it is
 * disconnected.
 */
export function giveAccount(server) {
  let received = 0
  let answered = 0
  server.on('request', (_request, response) => {
    received++
    response.on('finish', () => answered++)
  })

  let begun
  const tasks = {
    begin() {
      const gc = new GCProfiler()
      gc.start()
      const heap = process.memoryUsage().heapUsed
      begun = { cpu: process.cpuUsage(), at: performance.now(), answered, writes: writeCalls(), gc, heap }
      return {}
    },
    end() {
      const { user, system } = process.cpuUsage(begun.cpu)
      const elapsed = (performance.now() - begun.at) / 1000
      const { statistics } = begun.gc.stop()
      // The heap in use before a garbage collection, minus that after the previous one.
      let allocated = 0
      let { heap } = begun
      for (const { beforeGC, afterGC } of statistics) {
        allocated += beforeGC.heapStatistics.usedHeapSize - heap
        heap = afterGC.heapStatistics.usedHeapSize
      }
      allocated += process.memoryUsage().heapUsed - heap
      const writes = writeCalls() - begun.writes
      return { user, system, elapsed, answered: answered - begun.answered, writes, allocated }
    },
    count: () => ({ received, answered }),
    memory: () => process.memoryUsage(),
    /** The memory in use after a garbage collection, if Node.js was started with --expose-gc. */
    collected() {
      globalThis.gc()
      return process.memoryUsage()
    },
  }

  process.send({ port: server.address().port })
  process.on('message', (task) => process.send(tasks[task]()))
  process.on('disconnect', () => process.exit())
}

/** Returns the number of write system calls of this process; NaN if the system doesn't count them. */
function writeCalls() {
  if (process.platform !== 'linux') return Number.NaN
  return Number(/^syscw: (\d+)$/m.exec(fs.readFileSync('/proc/self/io', 'latin1'))[1])
}
