import { subscribe } from 'node:diagnostics_channel'
import type { EventEmitter } from 'node:events'
import { type IncomingMessage, Server, type ServerResponse } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { RawRequest } from '../options.js'
import type { RequestRecord } from '../request/record.js'
import { reportFault, safely, setHidden } from '../safely.js'
import type { Tracker } from './exchange.js'
import { keepTickShape } from './node-internals.js'
import { refuseUnparsed, watchStatus } from './unparsed.js'

const TRACKER = Symbol('waybill.tracker')
type Marked = Server & { [TRACKER]?: Tracker }

/** What Node.js publishes of a request of HTTP/1 before it answers one by itself: without a Host, over a limit. */
const REQUEST_START = 'http.server.request.start'

interface RequestStart {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly server: Marked
}

/** RFC 9110, section 15.5.6. */
const METHOD_NOT_ALLOWED = 405
/** RFC 9110, section 15.5.18. */
const EXPECTATION_FAILED = 417

let subscribed = false

function subscribeOnce(): void {
  if (subscribed) return
  subscribed = true
  subscribe(REQUEST_START, (message) => {
    const { request, response, server } = message as RequestStart
    try {
      server[TRACKER]?.receive(request, response)
    } catch (error) {
      reportFault(error)
    }
  })
}

/**
 * Receives every request of a server, also those that Node.js answers before the app has them.
 * @param handsOver whether what listens to the server hands over all that comes to it
 */
export function receiveFrom(server: Server, tracker: Tracker, handsOver: boolean): void {
  subscribeOnce()
  keepTickShape()
  const marked: Marked = server
  // Of several apps on one server the first receives what none of them has a route for.
  if (marked[TRACKER] === undefined) setHidden(marked, TRACKER, tracker)
  const isFirst = marked[TRACKER] === tracker
  const receive = (raw: RawRequest, response: ServerResponse): void => {
    if (isFirst && tracker.of(raw) === undefined) tracker.receive(raw, response)
  }
  refuseExpectations(server, tracker, receive)
  if (!isFirst) return
  // HTTP/2 publishes nothing, nor is a request published that another server emits here.
  const receivesRequests = !handsOver || !publishes(server)
  takeConnect(server, tracker)
  beforeEvents(server, (event, first, second) => {
    if (event === 'request') {
      if (receivesRequests) receive(first as RawRequest, second as ServerResponse)
    } else if (event === 'checkContinue') {
      if (server.listenerCount(event) > 0) receive(first as RawRequest, second as ServerResponse)
    } else if (event === 'upgrade') {
      if (server.listenerCount(event) > 0) receiveHandover(tracker, first as RawRequest, second as Duplex)
    } else if (event === 'clientError') {
      refuseUnparsed(tracker, first as Error, second as Socket)
    }
  })
}

/**
 * Calls back before a server emits an event. It is no listener: plugins count those of `upgrade`, Connect takes the
 * first one of `request`, and Node.js does without its own answers where somebody listens.
 */
function beforeEvents(
  server: Server,
  notice: (event: string | symbol, first: unknown, second: unknown) => void,
): void {
  const own = Object.getOwnPropertyDescriptor(server, 'emit')?.value as Server['emit'] | undefined
  setHidden(server, 'emit', function emitNoticed(this: Server, event: string, ...args: unknown[]): boolean {
    try {
      notice(event, args[0], args[1])
    } catch (error) {
      reportFault(error)
    }
    // Tracers may replace the inherited method later.
    const { emit } = own === undefined ? Object.getPrototypeOf(server) : { emit: own }
    return (emit as (...all: unknown[]) => boolean).call(this, event, ...args)
  })
}

/** Whether Node.js publishes what begins on a server. */
function publishes(server: object): boolean {
  return server instanceof Server || server instanceof HttpsServer
}

function refuseExpectations(
  server: Server,
  tracker: Tracker,
  receive: (raw: RawRequest, response: ServerResponse) => void,
): void {
  const expectation = (raw: RawRequest, response: ServerResponse): void => {
    safely(() => receive(raw, response))
    if (!isLeftTo(server, 'checkExpectation', expectation)) return
    const record = tracker.of(raw)
    if (record !== undefined) safely(() => tracker.startUnrouted(record))
    // As Node.js does when nothing listens.
    response.writeHead(EXPECTATION_FAILED).end()
  }
  listenFirst(server, 'checkExpectation', expectation)
}

/** Receives CONNECT, and does with it what Node.js does when the app does not listen for it. */
export function takeConnect(server: Server, tracker: Tracker): void {
  const connect = (raw: RawRequest, other: Duplex | ServerResponse): void => {
    const isUnwanted = isLeftTo(server, 'connect', connect)
    safely(() => noteConnect(tracker, raw, other, isUnwanted))
    if (!isUnwanted) return
    if (isResponse(other)) other.writeHead(METHOD_NOT_ALLOWED).end()
    else other.destroy()
  }
  listenFirst(server, 'connect', connect)
}

function noteConnect(
  tracker: Tracker,
  raw: RawRequest,
  other: Duplex | ServerResponse,
  isUnwanted: boolean,
): void {
  if (isResponse(other)) {
    const record = tracker.receive(raw, other)
    record.isHandedOver = true
    record.isRouted = !isUnwanted
  } else {
    receiveHandover(tracker, raw, other).isRefused = isUnwanted
  }
}

/** HTTP/2 has responses for CONNECT too. */
function isResponse(other: Duplex | ServerResponse): other is ServerResponse {
  return 'writeHead' in other
}

/** Receives a request whose connection is no longer one of HTTP: it is over when that closes. */
export function receiveHandover(tracker: Tracker, raw: RawRequest, connection: Duplex): RequestRecord {
  // Fastify hands the upgrades of a further server of localhost to the listeners of the first.
  const known = tracker.of(raw)
  if (known?.isHandedOver) return known
  const record = tracker.receive(raw, undefined, connection as Socket)
  record.isHandedOver = true
  // Whoever listens for it is to it what a route is to others.
  record.isRouted = true
  watchStatus(connection, (status) => {
    record.writtenStatus = status
  })
  connection.once('end', () => {
    record.clientClosedFirst = !connection.writableEnded
  })
  connection.once('close', () => safely(() => tracker.end(record)))
  // Its start is told now, unless a framework has it do a route.
  process.nextTick(() => {
    if (!record.started) safely(() => tracker.startUnrouted(record))
  })
  return record
}

type Listener = (...args: never[]) => void

/** The listeners of waybill's own, of whichever app. */
const ours = new WeakSet<object>()

/** Listens before all others, as one that {@link isLeftTo} knows. */
export function listenFirst(emitter: EventEmitter, event: string, listener: Listener): void {
  ours.add(listener)
  emitter.prependListener(event, listener as () => void)
}

/** Whether nothing but waybill listens for what Node.js does by itself then, and this listener is to do it. */
export function isLeftTo(emitter: EventEmitter, event: string, listener: Listener): boolean {
  const listeners = emitter.listeners(event)
  return listeners[0] === listener && listeners.every((each) => ours.has(each))
}
