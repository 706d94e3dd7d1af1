import { subscribe } from 'node:diagnostics_channel'
import { type IncomingMessage, Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { RawRequest } from '../options.js'
import { isLeftTo, listenBeside, listenFirst } from './listeners.js'
import { keepTickShape } from './tick-shape.js'
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

/**
 * Has every request of a server received, also those that Node.js answers before the app has them.
 * @param handsOver whether what listens to the server hands over all that comes to it
 */
export function receiveFrom(server: Server, visits: Visits, handsOver: boolean): void {
  subscribeOnce()
  keepTickShape()
  const marked: Marked = server
  // Of several apps on one server the first receives what none of them has a route for.
  marked[VISITS] ??= visits
  const receive = (raw: RawRequest, response: RawResponse): void => {
    if (marked[VISITS] === visits && visits.of(raw) === undefined) visits.receive(raw, response)
  }
  // HTTP/2 publishes nothing, nor is a request that another server emits here; but a second listener has Node.js copy the
  // list of them for each request.
  if (!handsOver || !publishes(server)) listenFirst(server, 'request', receive)
  listenBeside(server, 'checkContinue', (raw: RawRequest, response: RawResponse) => receive(raw, response))
  refuseExpectations(server, visits, receive)
  if (marked[VISITS] !== visits) return
  refuseWhatIsUnparsed(server, visits)
  takeConnect(server, visits)
  receiveUpgrades(server, visits)
}

/** Whether Node.js publishes what begins on a server. */
function publishes(server: object): boolean {
  return server instanceof Server || server instanceof HttpsServer
}

function refuseExpectations(
  server: Server,
  visits: Visits,
  receive: (raw: RawRequest, response: RawResponse) => void,
): void {
  const expectation = (raw: RawRequest, response: RawResponse): void => {
    receive(raw, response)
    if (!isLeftTo(server, 'checkExpectation', expectation)) return
    const visit = visits.of(raw)
    if (visit !== undefined) visits.enterUnrouted(visit)
    // What Node.js does when nobody listens.
    response.writeHead(EXPECTATION_FAILED).end()
  }
  listenFirst(server, 'checkExpectation', expectation)
}

function refuseWhatIsUnparsed(server: Server, visits: Visits): void {
  const clientError = (error: Error, connection: unknown): void => {
    const socket = connection as Socket
    refuseUnparsed(visits, error, socket)
    if (isLeftTo(server, 'clientError', clientError)) answerAsNode(error, socket)
  }
  listenFirst(server, 'clientError', clientError)
}
