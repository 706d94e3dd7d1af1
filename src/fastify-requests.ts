import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Entry } from './entry.js'
import { isUnrouted, loggerOptionsOf, type RequestObserver, routeOf } from './fastify-insides.js'
import { receiveHandover } from './http/upgrades.js'
import type { Visit } from './http/visit.js'
import type { Visits } from './http/visits.js'
import type { RawRequest } from './options.js'
import { requestLogger } from './request-child.js'
import { bindsId, type RequestLogger } from './request-logger.js'
import { attempt } from './rules/attempt.js'
import { codeOf } from './rules/failure.js'
import { acceptRequestId, type IdRules, type RequestId } from './rules/request-id.js'

const HANDLER_TIMEOUT = 'FST_ERR_HANDLER_TIMEOUT'

const ID = Symbol('waybill.id')
type Marked = RawRequest & { [ID]?: RequestId }

/** A request whose logger fits what waybill needs of one. */
type Logged = { readonly log: RequestLogger }

/** Takes what Fastify says of its requests to the visits they are on. */
export class FastifyRequests implements RequestObserver {
  readonly #visits: Visits
  readonly #ids: IdRules
  /** The logger of an app without logging, which its requests have at first. */
  readonly #silent: FastifyBaseLogger | undefined
  /** Whether the loggers that a factory makes carry the id; asking a logger itself costs too much for each request. */
  readonly #factories = new WeakMap<object, boolean>()

  constructor(visits: Visits, ids: IdRules, silent: FastifyBaseLogger | undefined) {
    this.#visits = visits
    this.#ids = ids
    this.#silent = silent
  }

  /** The id of a request that has no Fastify request yet. */
  acceptId(raw: RawRequest): string {
    const visit = this.#visits.of(raw)
    if (visit !== undefined) return visit.id.id
    // An injected request, which no server has had.
    const accepted = acceptRequestId(raw, this.#ids)
    ;(raw as Marked)[ID] = accepted
    return accepted.id
  }

  arrived(request: FastifyRequest, reply: FastifyReply): void {
    const visit = this.#visitOf(request, reply)
    if (visit.id.id !== request.id) this.#visits.ids.sendInstead(visit, request.id)
    this.#visits.ids.sendWith(visit, reply)
    const isSilent = request.log === this.#silent
    if (isSilent) giveLogger(request, reply)
    request.waybill = this.#visits.enter(visit, {
      requestId: request.id,
      method: request.method,
      route: routeOf(request),
      isRouted: !isUnrouted(request),
      source: request,
      request: request as Logged,
      bindsId: isSilent || this.#bindsId(request),
    })
  }

  failed(error: unknown, request: FastifyRequest): void {
    entryOf(request)?.fail(error)
    const visit = this.#visits.of(request.raw)
    if (visit !== undefined && isHandlerTimeout(error)) visit.handlerTimedOut = true
  }

  broke(error: unknown, request: FastifyRequest): void {
    const visit = this.#visits.of(request.raw)
    if (visit === undefined) return
    if (isHandlerTimeout(error)) visit.handlerTimedOut = true
    this.#visits.broke(visit, error)
  }

  failedLate(error: unknown, request: FastifyRequest): void {
    request.log.error(error, 'an onResponse hook failed')
  }

  #visitOf({ raw, id }: FastifyRequest, reply: FastifyReply): Visit {
    const visit = this.#visits.of(raw) ?? this.#receive(raw, reply, id)
    if (visit.response === undefined) this.#visits.attach(visit, reply.raw)
    return visit
  }

  /** Receives a request that no server has had: an injected one, or one of a server that is not the app's. */
  #receive(raw: FastifyRequest['raw'], reply: FastifyReply, id: string): Visit {
    const { upgrade } = raw as { upgrade?: boolean }
    if (upgrade) return receiveHandover(this.#visits, raw, raw.socket)
    const { [ID]: accepted } = raw as Marked
    const visit = this.#visits.receive(raw, reply.raw, accepted ?? { id })
    if (accepted === undefined) this.#visits.ids.sendInstead(visit, id)
    return visit
  }

  #bindsId(request: FastifyRequest): boolean {
    const factory = request.server.childLoggerFactory
    let binds = this.#factories.get(factory)
    if (binds === undefined) {
      binds = bindsId((request as Logged).log, request.id)
      this.#factories.set(factory, binds)
    }
    return binds
  }
}

/**
 * Gives a request a logger of its own. Not by a child logger factory: Fastify looks at each logger that one makes, for
 * 0.3 µs, and asks none on routes that were declared before the app had a logger.
 */
function giveLogger(request: FastifyRequest, reply: FastifyReply): void {
  const { id, raw, server } = request
  request.log = requestLogger(server.log as Logger, id, raw, loggerOptionsOf(request))
  reply.log = request.log
}

function isHandlerTimeout(error: unknown): boolean {
  return attempt(() => codeOf(error), undefined) === HANDLER_TIMEOUT
}

/** The record of a request; absent on one that was answered before it arrived. */
function entryOf({ waybill }: FastifyRequest): Entry | undefined {
  return waybill as Entry | undefined
}
