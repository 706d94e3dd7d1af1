import type { EventEmitter } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { RawRequest } from '../options.js'
import type { RequestRecord } from '../request/record.js'
import { reportFault, safely, safelyNext, setHidden } from '../safely.js'
import { recordOf } from './carrier.js'
import type { Tracker } from './exchange.js'
import { keepTickShape } from './node-internals.js'
import { onUntrackedHead } from './response.js'
import { refuseUnparsed, watchStatus } from './unparsed.js'

const TRACKER = Symbol('waybill.tracker')
type TrackedServer = Server & { [TRACKER]?: Tracker }

/** RFC 9110, section 15.5.6. */
const METHOD_NOT_ALLOWED = 405
/** RFC 9110, section 15.5.18. */
const EXPECTATION_FAILED = 417

/** Receives a request that Node.js answers without an event, such as one without a `Host` or over a limit. */
function receiveUntracked(raw: IncomingMessage, response: ServerResponse): void {
  const { server } = raw.socket as { server?: TrackedServer }
  const tracker = server?.[TRACKER]
  if (tracker !== undefined && recordOf(raw) === undefined) tracker.receive(raw, response)
}

/** Receives every request of a server, including those that Node.js answers before the app sees them. */
export function receiveFrom(server: Server, tracker: Tracker): void {
  onUntrackedHead(receiveUntracked)
  keepTickShape()
  const marked: TrackedServer = server
  // If several apps share a server, the first one receives the requests that no app has a route for.
  if (marked[TRACKER] === undefined) setHidden(marked, TRACKER, tracker)
  const isFirst = marked[TRACKER] === tracker
  const receive = (raw: RawRequest, response: ServerResponse): void => {
    if (isFirst && tracker.of(raw) === undefined) tracker.receive(raw, response)
  }
  refuseExpectations(server, tracker, receive)
  if (!isFirst) return
  receiveConnect(server, tracker)
  beforeEvents(server, (event, first, second) => {
    if (event === 'request') {
      receive(first as RawRequest, second as ServerResponse)
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
 * Calls back before a server emits an event. It wraps `emit` instead of listening, because plugins count `upgrade`
 * listeners, Connect takes the first `request` listener, and Node.js answers some events only if nothing listens.
 */
function beforeEvents(
  server: Server,
  notice: (event: string | symbol, first: unknown, second: unknown) => void,
): void {
  const own = Object.getOwnPropertyDescriptor(server, 'emit')?.value as Server['emit'] | undefined
  // Tracers may replace the inherited method later.
  const parent = Object.getPrototypeOf(server) as Server
  setHidden(server, 'emit', function emitNoticed(this: Server, ...args: [string, ...unknown[]]): boolean {
    try {
      notice(args[0], args[1], args[2])
    } catch (error) {
      reportFault(error)
    }
    return Reflect.apply(own ?? parent.emit, this, args)
  })
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

/** Receives CONNECT requests. If the app does not listen for them, it answers as Node.js does. */
function receiveConnect(server: Server, tracker: Tracker): void {
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

/** Over HTTP/2, CONNECT has a response, too. */
function isResponse(other: Duplex | ServerResponse): other is ServerResponse {
  return 'writeHead' in other
}

/** Receives a request that takes over its connection (Upgrade, CONNECT), and ends it when the connection closes. */
export function receiveHandover(tracker: Tracker, raw: RawRequest, connection: Duplex): RequestRecord {
  // Fastify passes upgrades of its further servers for `localhost` to the listeners of the first.
  const known = tracker.of(raw)
  if (known?.isHandedOver) return known
  const record = tracker.receive(raw, undefined, connection as Socket)
  record.isHandedOver = true
  // Its listener counts as a route.
  record.isRouted = true
  watchStatus(connection, (status) => {
    record.writtenStatus = status
  })
  connection.once('end', () => {
    record.clientClosedFirst = !connection.writableEnded
  })
  connection.once('close', () => safely(() => tracker.end(record)))
  // Writes the start, unless a framework has routed the request by then.
  safelyNext(() => {
    if (!record.started) tracker.startUnrouted(record)
  })
  return record
}

type Listener = (...args: never[]) => void

/** waybill's own listeners, of all apps. */
const ours = new WeakSet<object>()

/** Adds a listener before all others; {@link isLeftTo} recognizes it as waybill's. */
function listenFirst(emitter: EventEmitter, event: string, listener: Listener): void {
  ours.add(listener)
  emitter.prependListener(event, listener as () => void)
}

/** Whether only waybill listens, and this listener is the first, so that it has to answer as Node.js would. */
function isLeftTo(emitter: EventEmitter, event: string, listener: Listener): boolean {
  const listeners = emitter.listeners(event)
  return listeners[0] === listener && listeners.every((each) => ours.has(each))
}
