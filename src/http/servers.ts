import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { answerAsNode, refuseUnparsed } from './unparsed.js'
import { receiveUpgrades, takeConnect } from './upgrades.js'
import type { RawResponse } from './visit.js'
import type { Visits } from './visits.js'

const VISITS = Symbol('waybill.visits')
type Marked = Server & { [VISITS]?: Visits }

/** What Node.js publishes of a request of HTTP/1 before it answers one by itself: without a Host, over a limit. */
const REQUEST_START = 'http.server.request.start'

interface RequestStart {
  readonly request: IncomingMessage
  readonly response: RawResponse
  readonly server: Marked
}

/** RFC 9110, section 15.5.18. */
const EXPECTATION_FAILED = 417

let subscribed = false

function subscribeOnce(): void {
  if (subscribed) return
  subscribed = true
  subscribe(REQUEST_START, (message) => {
    const { request, response, server } = message as RequestStart
    server[VISITS]?.receive(request, response)
  })
}

/** Has every request of a server received, also those that Node.js answers before the app has them. */
export function receiveFrom(server: Server, visits: Visits): void {
  subscribeOnce()
  ;(server as Marked)[VISITS] = visits
  // HTTP/2 publishes nothing.
  server.prependListener('request', (raw, response) => {
    if (visits.of(raw) === undefined) visits.receive(raw, response)
  })
  server.prependListener('checkExpectation', (raw, response) => {
    if (visits.of(raw) === undefined) visits.receive(raw, response)
    // What Node.js does when nobody listens.
    if (server.listenerCount('checkExpectation') === 1) response.writeHead(EXPECTATION_FAILED).end()
  })
  server.prependListener('clientError', (error, connection) => {
    const socket = connection as Socket
    refuseUnparsed(visits, error, socket)
    if (server.listenerCount('clientError') === 1) answerAsNode(error, socket)
  })
  takeConnect(server, visits)
  receiveUpgrades(server, visits)
}
