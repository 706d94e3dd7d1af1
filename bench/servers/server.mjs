// One service: its framework and its variant are arguments. It says on what port it listens, what it has used and
// answered since it was told to begin, and ends when it is let go.
import { GCProfiler } from 'node:v8'
import { start } from './variants.mjs'

const server = await start(...process.argv.slice(2))

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
    begun = { cpu: process.cpuUsage(), answered, gc, heap }
    return {}
  },
  end() {
    const { user, system } = process.cpuUsage(begun.cpu)
    const { statistics } = begun.gc.stop()
    // What is in use before a collection, but was not after the one before.
    let allocated = 0
    let { heap } = begun
    for (const { beforeGC, afterGC } of statistics) {
      allocated += beforeGC.heapStatistics.usedHeapSize - heap
      heap = afterGC.heapStatistics.usedHeapSize
    }
    allocated += process.memoryUsage().heapUsed - heap
    return { cpu: user + system, answered: answered - begun.answered, allocated }
  },
  count: () => ({ received, answered }),
}

process.send({ port: server.address().port })
process.on('message', (task) => process.send(tasks[task]()))
process.on('disconnect', () => process.exit())
