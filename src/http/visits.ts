import type { Socket } from 'node:net'
import { onExit } from '../exit.js'
import type { Ledger } from '../ledger.js'
import type { RawRequest } from '../options.js'
import { acceptRequestId, newUuid } from '../request/id.js'
import type { RequestLogger } from '../request/logger.js'
import { type Ending, endingOf, isAccepted } from '../request/outcome.js'
import type { Entry } from '../request/record.js'
import { reportFault, safely } from '../safely.js'
import type { EventSettings } from '../settings.js'
import { Arrivals, authorityOf, sourceOf } from './arrivals.js'
import { watchBreaking } from './breaking.js'
import { beforeDestroy, Connection, connectionOf } from './connection.js'
import { hasLeft, hasTimedOut, isSent, isUnsent, sentBytesOf } from './departure.js'
import { setHidden } from './hidden.js'
import { IdSender, isSetAtOnce } from './id-sender.js'
import { respondingOn } from './node-insides.js'
import { OpenList } from './open-list.js'
import { createWatch, type WatchResponse } from './response.js'
import { type RawResponse, type Routing, Visit, type VisitKeeper } from './visit.js'

// A property of the request rather than a map beside it: a WeakMap with an entry a request costs several µs of garbage
// collection each.
const VISIT = Symbol('waybill.visit')
type Marked = RawRequest & { [VISIT]?: Visit }

/** The latest visit that a request is on, whoever keeps it. */
export function visitOf(raw: RawRequest): Visit | undefined {
  return (raw as Marked)[VISIT]
}

/** Notes when the turn of a response comes that waits for those to requests before it on the same connection. */
function noteTurn(visit: Visit, response: RawResponse): void {
  const before = respondingOn(visit.socket)
  if (before === undefined || before === response) return
  visit.hasTurn = false
  response.once('socket', () => {
    visit.hasTurn = true
  })
}

/** The requests of servers, from their arrival to the closing of their responses. */
export class Visits implements VisitKeeper {
  readonly #settings: EventSettings
  readonly #ledger: Ledger
  /** The logger for requests that have none of their own. */
  readonly #logger: () => RequestLogger
  readonly #arrivals: Arrivals
  /** Sends the ids back to clients. */
  readonly idSender: IdSender
  readonly #watch: WatchResponse
  readonly #open = new OpenList<Visit>()
  /** Closes what could not be parsed and has not been answered. */
  readonly #unparsed = new Set<(ending: Ending) => void>()
  /** Whether the service is closing: what it breaks off then is unfinished. */
  isClosing: () => boolean = () => false

  /** @param semicolon whether a query may begin with `;` too */
  constructor(settings: EventSettings, ledger: Ledger, logger: () => RequestLogger, semicolon: boolean) {
    this.#settings = settings
    this.#ledger = ledger
    this.#logger = logger
    this.#arrivals = new Arrivals(settings.captures, semicolon)
    this.idSender = new IdSender(settings.responseHeader)
    this.#watch = createWatch(this.idSender.header)
    onExit(this)
  }

  /** The visit that a request is on; a request may be handed from one app to another. */
  of(raw: RawRequest): Visit | undefined {
    const visit = visitOf(raw)
    return visit?.keeper === this ? visit : undefined
  }

  /** Receives a request, before a framework has it. */
  receive(
    raw: RawRequest,
    response: RawResponse | undefined,
    id = acceptRequestId(raw, this.#settings.ids),
    socket: Partial<Socket> = raw.socket ?? {},
  ): Visit {
    const visit = new Visit(this, id, this.#ledger.now(), raw, response, socket)
    this.#open.add(visit)
    setHidden(raw, VISIT, visit)
    if (response !== undefined) this.#watchResponse(visit, response)
    if (visit.stream === undefined) this.#watchConnection(visit, socket)
    return visit
  }

  /** Gives a visit whose connection was handed over the response that a framework made for it. */
  attach(visit: Visit, response: RawResponse): void {
    visit.response = response
    this.#watchResponse(visit, response)
  }

  /**
   * Opens the entry of a request that has come to a route.
   * @param quiet whether it has no lines unless it fails
   */
  enter(
    visit: Visit,
    { requestId, method, route, isRouted, source, request, bindsId }: Routing,
    quiet = false,
  ): Entry {
    const arrival = this.#arrivals.of(visit.raw, visit.id, requestId, method, route, source)
    visit.request = request
    visit.routed = isRouted
    // An upgrade that a listener took to a route later has its start already.
    if (visit.entry !== undefined) return visit.entry
    visit.entry = this.#ledger.open(arrival, request.log, bindsId, visit.start, quiet)
    return visit.entry
  }

  /** Says that the server broke a response off, unless its client had gone already. */
  broke(visit: Visit, error: unknown): void {
    if (hasLeft(visit)) return
    visit.broken = true
    if (error) visit.error = error
  }

  /** Says that a request is over. */
  leave(visit: Visit): void {
    if (!this.#open.remove(visit)) return
    // Another app that shares the server has had it.
    if (visit.entry !== undefined || this.of(visit.raw) === visit) this.#complete(visit)
    this.#release(visit)
    // Fastify pipes a stream into a response that is dead already.
    if (visit.entry?.outcome === 'aborted') visit.response?.once('pipe', () => this.late(visit))
  }

  /** Writes the completions of all requests that are open when the process ends. */
  finish(): void {
    for (const visit of this.#open.drain()) {
      const unfinished: Ending = { outcome: 'unfinished', status: visit.status }
      this.#close(visit, isSent(visit) ? this.#endingOf(visit) : unfinished)
    }
    for (const close of this.#unparsed) close({ outcome: 'unfinished', status: undefined })
  }

  held(visit: Visit): void {
    const { socket, stream } = visit
    if (stream === undefined) {
      if ('writableLength' in socket) Connection.of(socket as Socket).watchUnsent(socket as Socket)
    } else if (!visit.wasHeld) {
      beforeDestroy(stream, () => {
        visit.unsentBytes = stream.writableLength
      })
    }
    visit.wasHeld = true
  }

  late({ entry }: Visit): void {
    if (entry?.outcome === 'aborted' && entry.lateMs === undefined) this.#ledger.late(entry)
  }

  #watchResponse(visit: Visit, response: RawResponse): void {
    if (isSetAtOnce(visit)) this.idSender.set(visit, response)
    // It may have been answered before it comes here.
    visit.sent = response.writableFinished
    if (response.headersSent) visit.headStatus = response.statusCode
    if (visit.stream === undefined) noteTurn(visit, response)
    // Node.js closes no response to HEAD of which the stream was reset (20 to 26).
    else visit.stream.once('close', () => safely(() => this.leave(visit)))
    this.#watch(response, visit)
    // Of a connection of HTTP/1 it can be seen who ended it.
    if (visit.stream !== undefined || !('readableEnded' in visit.socket))
      watchBreaking(response, visit.stream, (error) => this.broke(visit, error))
  }

  /** A response that waits for the one before it is never told that its connection was lost (Node.js 20). */
  #watchConnection(visit: Visit, socket: Partial<Socket>): void {
    const connection = Connection.of(socket as Socket)
    const { last } = connection
    connection.last = visit
    if (last === undefined || !last.listed) return
    visit.waiting = connection.waiting ??= this.#leaveTogether(socket as Socket)
    visit.waiting.add(visit)
  }

  /** Has requests leave with their connection, by one listener for all that a client has sent ahead. */
  #leaveTogether(socket: Socket): Set<Visit> {
    const waiting = new Set<Visit>()
    socket.once('close', () => {
      for (const visit of waiting) safely(() => this.leave(visit))
    })
    return waiting
  }

  #endingOf(visit: Visit): Ending {
    const { raw, socket, handedOver, refused, routed, broken } = visit
    visit.sent = isSent(visit)
    if (!visit.sent && isUnsent(visit)) visit.unsent = true
    const { sent, status } = visit
    const left = !sent && hasLeft(visit)
    if (!sent && !left) visit.error ??= visit.response?.errored ?? socket.errored
    return endingOf({
      status,
      timedOut: visit.handlerTimedOut || (!sent && (visit.timedOut || hasTimedOut(visit))),
      refused,
      left,
      finished: sent || (handedOver && status !== undefined),
      upgraded: handedOver && isAccepted(raw.method, status),
      routed,
      closing: !broken && this.isClosing(),
    })
  }

  /** Closes a visit; where its end can't be read, with what was noted of it. */
  #complete(visit: Visit): void {
    let ending: Ending
    try {
      ending = this.#endingOf(visit)
    } catch (error) {
      reportFault(error)
      ending = { outcome: visit.sent ? 'completed' : 'aborted', status: visit.headStatus }
    }
    this.#close(visit, ending)
  }

  #close(visit: Visit, ending: Ending): void {
    const { request, error } = visit
    const entry = visit.entry ?? this.enterUnrouted(visit)
    if (error) entry.fail(error)
    if (request !== undefined) {
      // An app may have given the request another logger, to bind more to it.
      entry.useLogger(request.log)
      entry.route ??= request.matched?.(ending.status, entry.thrown !== undefined)
    }
    this.#ledger.close(entry, ending, sentBytesOf(visit))
  }

  /** Lets go of what a connection that is kept alive would hold on to. */
  #release(visit: Visit): void {
    visit.waiting?.delete(visit)
    visit.request = undefined
    if (visit.stream !== undefined || !visit.raw.complete) return
    const connection = connectionOf(visit.socket)
    if (connection?.last === visit) connection.last = undefined
  }

  /** Enters a request that no route has had. */
  enterUnrouted(visit: Visit): Entry {
    const { method = '', headers } = visit.raw
    const url = method === 'CONNECT' ? authorityOf(headers, visit.url) : visit.url
    const arrival = this.#arrivals.of(
      visit.raw,
      visit.id,
      visit.id.id,
      method,
      undefined,
      sourceOf(visit.raw, url, visit.socket),
    )
    visit.entry = this.#ledger.open(arrival, this.#logger(), false, visit.start)
    return visit.entry
  }

  /**
   * Enters what can't be parsed, of which nothing is known but its error and who sent it.
   * @returns closes it; from the second time on it does nothing
   */
  enterUnparsed(error: unknown, ip: string | undefined): (ending: Ending) => void {
    const entry = this.#ledger.open(this.#arrivals.ofUnparsed(newUuid(), ip ?? ''), this.#logger(), false)
    entry.fail(error)
    const close = (ending: Ending): void => {
      this.#unparsed.delete(close)
      this.#ledger.close(entry, ending, undefined)
    }
    this.#unparsed.add(close)
    return close
  }
}
