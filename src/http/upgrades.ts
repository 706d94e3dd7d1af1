import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { RawRequest } from '../options.js'
import { safely } from '../safely.js'
import { isLeftTo, listenFirst } from './listeners.js'
import { watchStatus } from './status-line.js'
import type { RawResponse, Visit } from './visit.js'
import type { Visits } from './visits.js'

/** RFC 9110, section 15.5.6. */
const METHOD_NOT_ALLOWED = 405

/** Receives CONNECT, and does with it what Node.js does when the app does not listen for it. */
export function takeConnect(server: Server, visits: Visits): void {
  const connect = (raw: RawRequest, other: Duplex | RawResponse): void => {
    const isUnwanted = isLeftTo(server, 'connect', connect)
    safely(() => noteConnect(visits, raw, other, isUnwanted))
    if (!isUnwanted) return
    if (isResponse(other)) other.writeHead(METHOD_NOT_ALLOWED).end()
    else other.destroy()
  }
  listenFirst(server, 'connect', connect)
}

function noteConnect(
  visits: Visits,
  raw: RawRequest,
  other: Duplex | RawResponse,
  isUnwanted: boolean,
): void {
  if (isResponse(other)) {
    const visit = visits.receive(raw, other)
    visit.handedOver = true
    visit.routed = !isUnwanted
  } else {
    receiveHandover(visits, raw, other).refused = isUnwanted
  }
}

/** HTTP/2 has responses for CONNECT too. */
function isResponse(other: Duplex | RawResponse): other is RawResponse {
  return 'writeHead' in other
}

/** Receives a request whose connection is no longer one of HTTP: it is over when that closes. */
export function receiveHandover(visits: Visits, raw: RawRequest, connection: Duplex): Visit {
  // Fastify hands the upgrades of a further server of localhost to the listeners of the first.
  const known = visits.of(raw)
  if (known !== undefined) return known
  const visit = visits.receive(raw, undefined, undefined, connection as Socket)
  visit.handedOver = true
  // Whoever listens for it is to it what a route is to others.
  visit.routed = true
  watchStatus(connection, (status) => {
    visit.writtenStatus = status
  })
  connection.once('end', () => {
    visit.closedFirst = !connection.writableEnded
  })
  connection.once('close', () => safely(() => visits.leave(visit)))
  // Its start is told now, unless a framework has it do a route.
  process.nextTick(() => {
    if (visit.entry === undefined) safely(() => visits.enterUnrouted(visit))
  })
  return visit
}
