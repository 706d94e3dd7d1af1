import type { EventEmitter } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { RawRequest } from '../options.js'
import type { RequestRecord } from '../request/record.js'
import { safely } from '../safely.js'
import type { Tracker } from './exchange.js'
import { watchStatus } from './unparsed.js'

/** RFC 9110, section 15.5.6. */
const METHOD_NOT_ALLOWED = 405

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
