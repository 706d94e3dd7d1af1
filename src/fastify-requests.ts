import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Arrival, Entry } from './entry.js'
import { onExit } from './exit.js'
import type { RequestObserver } from './fastify-insides.js'
import {
  codeOf,
  entryOf,
  hasLeft,
  isUpgraded,
  loggerOf,
  type RawResponse,
  sourceOf,
  useChildOf,
  type Visit,
} from './fastify-visit.js'
import type { Ledger } from './ledger.js'
import { OpenList } from './open-list.js'
import type { RawRequest } from './options.js'
import { bindsId, type RequestLogger } from './request-logger.js'
import { watchBody } from './response-body.js'
import { attempt } from './rules/attempt.js'
import type { CaptureSource } from './rules/capture.js'
import { type Ending, endingOf, unfinishedEnding } from './rules/outcome.js'
import { cutPath, pathOf } from './rules/path.js'
import { acceptRequestId, type RequestId } from './rules/request-id.js'
import type { EventSettings } from './settings.js'

const NOTHING_CAPTURED: readonly undefined[] = []
const HANDLER_TIMEOUT = 'FST_ERR_HANDLER_TIMEOUT'

// Properties of the request rather than maps beside it: a WeakMap with an entry a request costs several µs of garbage
// collection each.
const VISIT = Symbol('waybill.visit')
const ID = Symbol('waybill.id')
const WAITING = Symbol('waybill.waiting')
type Connection = RawRequest['socket'] & { [WAITING]?: Set<Visit> }
type Marked = RawRequest & { [VISIT]?: Visit; [ID]?: RequestId }

/** Enters the requests of a Fastify app into a ledger. */
export class FastifyRequests implements RequestObserver {
  readonly #settings: EventSettings
  readonly #ledger: Ledger
  readonly #app: FastifyInstance
  /** The requests that have not ended. */
  readonly #open = new OpenList<Visit>()
  /** Whether a query may begin with `;` too. */
  readonly #semicolon: boolean
  /** Whether the loggers that a factory makes carry the id; asking a logger itself costs too much for each request. */
  readonly #factories = new WeakMap<object, boolean>()

  constructor(settings: EventSettings, ledger: Ledger, app: FastifyInstance, semicolon: boolean) {
    this.#settings = settings
    this.#ledger = ledger
    this.#app = app
    this.#semicolon = semicolon
    onExit(this)
  }

  /** Called with every request of a server, before Fastify has it. */
  readonly received = (raw: RawRequest, response: RawResponse): void => {
    this.#receive(raw, response, acceptRequestId(raw, this.#settings.ids))
  }

  /** The id of a request that has no Fastify request yet. */
  acceptId(raw: RawRequest): string {
    const { [VISIT]: visit } = raw as Marked
    if (visit?.owner === this) return visit.id.id
    // An injected request, which no server has had.
    const accepted = acceptRequestId(raw, this.#settings.ids)
    ;(raw as Marked)[ID] = accepted
    return accepted.id
  }

  arrived(request: FastifyRequest, reply: FastifyReply): void {
    const raw: Marked = request.raw
    const received = raw[VISIT]?.owner === this ? raw[VISIT] : undefined
    const visit = received ?? this.#receive(raw, reply.raw, raw[ID] ?? { id: request.id })
    if (visit.id.id !== request.id) this.#sendId(request.id, reply.raw)
    useChildOf(request.server.log, request, reply)

    const arrival = this.#arrivalOf(visit.id, request.id, request.method, request.routeOptions.url, request)
    const entry = this.#ledger.open(arrival, loggerOf(request), this.#bindsId(request), visit.start)
    visit.request = request
    visit.reply = reply
    visit.entry = entry
    request.waybill = entry
    const { destroy } = reply.raw
    reply.raw.destroy = (error) => {
      this.broke(error, request)
      return destroy.call(reply.raw, error)
    }
  }

  failed(error: unknown, request: FastifyRequest): void {
    const entry = entryOf(request)
    if (entry === undefined) return
    entry.fail(error)
    if (codeOf(error) === HANDLER_TIMEOUT) entry.timedOut = true
  }

  timedOut(request: FastifyRequest): void {
    const entry = entryOf(request)
    if (entry !== undefined) entry.timedOut = true
  }

  broke(error: unknown, request: FastifyRequest): void {
    const entry = entryOf(request)
    if (entry === undefined || hasLeft(request.raw)) return
    entry.broken = true
    if (codeOf(error) === HANDLER_TIMEOUT) entry.timedOut = true
    if (error) entry.fail(error)
  }

  failedLate(error: unknown, request: FastifyRequest): void {
    request.log.error(error, 'an onResponse hook failed')
  }

  #receive(raw: RawRequest, response: RawResponse, id: RequestId): Visit {
    const visit: Visit = {
      id,
      start: this.#ledger.now(),
      responseBytes: 0,
      finished: false,
      request: undefined,
      reply: undefined,
      entry: undefined,
      waiting: undefined,
      previous: undefined,
      next: undefined,
      listed: false,
      owner: this,
      raw,
      response,
    }
    this.#open.add(visit)
    ;(raw as Marked)[VISIT] = visit
    this.#sendId(id.id, response)
    watchBody(response, visit)
    response.on('finish', () => {
      visit.finished = true
    })
    response.on('close', () => this.#leave(visit))
    // A pipelined response that waits for the one before it is never told that its connection was lost (Node.js 20).
    if (response.socket === null) this.#watchConnection(raw.socket, visit)
    return visit
  }

  /** Has a request leave with its connection, by one listener for all that a client has sent ahead. */
  #watchConnection(socket: Connection, visit: Visit): void {
    const waiting = socket[WAITING] ?? new Set()
    waiting.add(visit)
    visit.waiting = waiting
    if (socket[WAITING] !== undefined) return
    socket[WAITING] = waiting
    socket.once('close', () => {
      for (const each of waiting) this.#leave(each)
    })
  }

  /** Writes the completions of all requests that are open when the process ends. */
  finish(): void {
    for (const visit of this.#open.drain()) this.#close(visit, unfinishedEnding(visit.response))
  }

  #leave(visit: Visit): void {
    if (!this.#open.remove(visit)) return
    visit.waiting?.delete(visit)
    const { entry, response, finished } = visit
    const { broken = false, timedOut = false } = entry ?? {}
    const ending = endingOf(response, { finished, broken, timedOut, upgraded: isUpgraded(visit) })
    const rejected = entry === undefined && ending.outcome === 'completed'
    this.#close(visit, rejected ? { ...ending, outcome: 'rejected' } : ending)
  }

  #close(visit: Visit, ending: Ending): void {
    const entry = visit.entry ?? this.#enterRejected(visit, visit.raw)
    // An app may have given the request another logger, to bind more to it.
    if (visit.request !== undefined) entry.useLogger(loggerOf(visit.request))
    this.#ledger.close(entry, ending, visit.responseBytes)
  }

  /** Enters a request that Fastify answered before any route had it. */
  #enterRejected(visit: Visit, raw: RawRequest): Entry {
    const { url = '', method = '' } = raw
    const arrival = this.#arrivalOf(visit.id, visit.id.id, method, undefined, sourceOf(raw, url))
    return this.#ledger.open(arrival, this.#app.log as RequestLogger, false, visit.start)
  }

  #sendId(id: string, response: RawResponse): void {
    const { responseHeader } = this.#settings
    if (responseHeader === undefined || response.headersSent) return
    // Not reply.header(): a hijacked reply and one that is written raw would go without. It throws for an id that is
    // no header value, which a context with a generator of its own may have made.
    attempt(() => response.setHeader(responseHeader, id), undefined)
  }

  #arrivalOf(
    { rejected, clientId }: RequestId,
    requestId: string,
    method: string,
    route: string | undefined,
    source: CaptureSource,
  ): Arrival {
    const { captures } = this.#settings
    const whole = pathOf(source.originalUrl, this.#semicolon)
    const path = cutPath(whole)
    return {
      requestId,
      idRejected: rejected,
      clientRequestId: clientId,
      method,
      path,
      pathCut: path !== whole,
      route,
      captured:
        captures.length === 0 ? NOTHING_CAPTURED : captures.map(({ read }) => read(source, this.#semicolon)),
    }
  }

  #bindsId(request: FastifyRequest): boolean {
    const factory = request.server.childLoggerFactory
    let binds = this.#factories.get(factory)
    if (binds === undefined) {
      binds = bindsId(loggerOf(request), request.id)
      this.#factories.set(factory, binds)
    }
    return binds
  }
}
