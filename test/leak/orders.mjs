// What the services of the leak tests do when they are told to.
import { IncomingMessage } from 'node:http'
import { Http2ServerRequest } from 'node:http2'
import { queryObjects } from 'node:v8'
import { currentRequest } from 'waybill'

const turn = () => new Promise(setImmediate)

async function allGone(servers) {
  for (const server of servers) {
    const count = () =>
      new Promise((resolve) => server.getConnections((_error, connections) => resolve(connections)))
    while ((await count()) > 0) await turn()
  }
}

/** What is counted: requests, and what waybill keeps of each. */
const kinds = new Set([IncomingMessage, Http2ServerRequest])

/** Notes what waybill's record of a request is an instance of; called where a request is handled. */
export function noteRecord() {
  kinds.add(currentRequest().constructor)
}

/** Nobody is left to tell it to close. */
function abandoned() {
  process.exit(1)
}

/**
 * Says on which ports servers listen. Says how much heap is in use and how many requests are held when it is asked and
 * all connections are gone, in a process with --expose-gc; closes when it is told to.
 * @param {import('node:net').Server[]} servers
 * @param {() => Promise<unknown>} close
 * @param {(order: object) => Promise<unknown>} follow What is done at other orders.
 */
export function takeOrders(servers, close, follow = async () => {}) {
  process.once('disconnect', abandoned)
  process.on('message', async (order) => {
    if (typeof order !== 'string') {
      await follow(order)
      process.send('followed')
      return
    }
    await allGone(servers)
    if (order === 'close') {
      await close()
      process.off('disconnect', abandoned)
      process.disconnect()
      return
    }
    for (let n = 0; n < 8; n++) {
      await turn()
      globalThis.gc()
    }
    const held = [...kinds].map((kind) => [kind.name, queryObjects(kind)])
    process.send({ heapUsed: process.memoryUsage().heapUsed, held: Object.fromEntries(held) })
  })
  process.send({ ports: servers.map((server) => server.address().port) })
}
