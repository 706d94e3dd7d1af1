import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawRequest } from '../options.js'
import { watchStatus } from './status-line.js'
import type { RawResponse, Visit } from './visit.js'
import type { Visits } from './visits.js'

/** RFC 9110, section 15.5.6. */
const METHOD_NOT_ALLOWED = 405

/** Receives requests whose connection is handed over by an app that listens for upgrades; Node.js says nothing else of them. */
export function receiveUpgrades(server: Server, visits: Visits): void {
  const handOver = (raw: RawRequest, connection: Duplex): void => {
    receiveHandover(visits, raw, connection)
  }
  // While nobody listens, Node.js serves an upgrade as any other request: then there must be no listener of ours.
  const listen = (): void => {
    if (!server.listeners('upgrade').includes(handOver)) server.prependListener('upgrade', handOver)
  }
  if (server.listenerCount('upgrade') > 0) listen()
  server.on('newListener', (event: unknown, listener: unknown) => {
    if (event === 'upgrade' && listener !== handOver) listen()
  })
  server.on('removeListener', (event: unknown, listener: unknown) => {
    if (event !== 'upgrade' || listener === handOver) return
    if (server.listenerCount('upgrade') === 1) server.removeListener('upgrade', handOver)
  })
}

/** Receives CONNECT, and does with it what Node.js does when the app does not listen for it. */
export function takeConnect(server: Server, visits: Visits): void {
  server.prependListener('connect', (raw: RawRequest, other: Duplex | RawResponse) => {
    const isUnwanted = server.listenerCount('connect') === 1
    if (isResponse(other)) {
      const visit = visits.receive(raw, other)
      visit.handedOver = true
      visit.routed = !isUnwanted
      if (isUnwanted) other.writeHead(METHOD_NOT_ALLOWED).end()
      return
    }
    const visit = receiveHandover(visits, raw, other)
    visit.refused = isUnwanted
    if (isUnwanted) other.destroy()
  })
}

/** HTTP/2 has responses for CONNECT too. */
function isResponse(other: Duplex | RawResponse): other is RawResponse {
  return 'writeHead' in other
}

function receiveHandover(visits: Visits, raw: RawRequest, connection: Duplex): Visit {
  const visit = visits.receive(raw, undefined)
  visit.handedOver = true
  // Whoever listens for it is to it what a route is to others.
  visit.routed = true
  watchStatus(connection, (status) => {
    visit.writtenStatus = status
  })
  connection.once('close', () => visits.leave(visit))
  // Its start is told now, unless a framework has it do a route.
  process.nextTick(() => {
    if (visit.entry === undefined) visits.enterUnrouted(visit)
  })
  return visit
}
