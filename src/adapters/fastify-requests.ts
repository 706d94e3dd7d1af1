import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { showValue, warnOnce } from '../errors.js'
import { isSendable } from '../http/id-sender.js'
import { receiveHandover } from '../http/upgrades.js'
import type { Routing, Visit } from '../http/visit.js'
import type { Visits } from '../http/visits.js'
import type { RawRequest } from '../options.js'
import { codeOf } from '../request/error.js'
import { acceptRequestId, type IdRules, type RequestId } from '../request/id.js'
import { bindsId, type RequestLogger } from '../request/logger.js'
import type { Entry } from '../request/record.js'
import { attempt } from '../safely.js'
import {
  factoryOf,
  hasDefaultFactory,
  isNullLogger,
  isUnrouted,
  loggerOptionsOf,
  type RequestObserver,
  routeOf,
} from './fastify-internals.js'
import { markLogger, requestLogger } from './request-logger.js'

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
  /** Whether Fastify has the factories of an app make loggers of its null logger alone. */
  readonly #asksFactories: boolean
  /** Whether the loggers that a factory makes carry the id; asking a logger itself costs too much for each request. */
  readonly #factories = new WeakMap<object, boolean>()

  constructor(visits: Visits, ids: IdRules, silent: FastifyBaseLogger | undefined) {
    this.#visits = visits
    this.#ids = ids
    this.#silent = silent
    this.#asksFactories = silent !== undefined && isNullLogger(silent)
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

  arrived(request: FastifyRequest, reply: FastifyReply, quiet = false): void {
    const visit = this.#visitOf(request, reply)
    const requestId = visit.id.id === request.id ? request.id : this.#otherId(visit, request)
    this.#visits.idSender.sendWith(visit, reply)
    const isSilent = this.#isSilent(request)
    if (isSilent) giveLogger(request, reply, requestId)
    else if (this.#asksFactories) askFactory(request, reply, requestId)
    const routing: Routing = {
      requestId,
      method: request.method,
      route: routeOf(request),
      isRouted: !isUnrouted(request),
      source: request,
      request: request as Logged,
      bindsId: isSilent || this.#bindsId(request, requestId),
    }
    if (!isSilent && this.#silent !== undefined) markLogger(request.log as Logger, requestId, request.raw)
    request.waybill = this.#visits.enter(visit, routing, quiet)
  }

  /** Whether Fastify has given a request no logger, or none but that of its default factory. */
  #isSilent(request: FastifyRequest): boolean {
    if (this.#silent === undefined) return false
    return (request.log === this.#silent && !this.#asksFactories) || hasDefaultFactory(request)
  }

  failed(error: unknown, request: FastifyRequest): void {
    entryOf(request)?.threw(error)
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

  #visitOf({ raw }: FastifyRequest, reply: FastifyReply): Visit {
    const visit = this.#visits.of(raw) ?? this.#receive(raw, reply)
    if (visit.response === undefined) this.#visits.attach(visit, reply.raw)
    return visit
  }

  /** Receives a request that no server has had: an injected one, or one of a server that is not the app's. */
  #receive(raw: FastifyRequest['raw'], reply: FastifyReply): Visit {
    const { upgrade } = raw as { upgrade?: boolean }
    if (upgrade) return receiveHandover(this.#visits, raw, raw.socket)
    const { [ID]: accepted } = raw as Marked
    return this.#visits.receive(raw, reply.raw, accepted)
  }

  /** The id that a context of the app has made by a generator of its own; one that is no text for a header is replaced. */
  #otherId(visit: Visit, request: FastifyRequest): string {
    const made: unknown = request.id
    const id = typeof made === 'number' ? String(made) : made
    if (isSendable(id)) {
      this.#visits.idSender.sendInstead(visit, id)
      return id
    }
    const message = `a generator of ids must return a text that can be sent as a header, got ${showValue(made)}; the id ${visit.id.id} was used`
    warnOnce('WAYBILL_WARN_OPTION_RESULT', 'genReqId', message)
    request.id = visit.id.id
    return visit.id.id
  }

  #bindsId(request: FastifyRequest, id: string): boolean {
    const factory = request.server.childLoggerFactory
    let binds = this.#factories.get(factory)
    if (binds === undefined) {
      binds = bindsId((request as Logged).log, id)
      this.#factories.set(factory, binds)
    }
    return binds
  }
}

/**
 * Gives a request a logger of its own. Not by a child logger factory: Fastify looks at each logger that one makes, for
 * 0.3 µs, and asks none on routes that were declared before the app had a logger.
 */
function giveLogger(request: FastifyRequest, reply: FastifyReply, id: string): void {
  const { raw, server } = request
  request.log = requestLogger(server.log as Logger, id, raw, loggerOptionsOf(request))
  reply.log = request.log
}

/** Gives a request the logger that the app's own factory makes of the logger of this context. */
function askFactory(request: FastifyRequest, reply: FastifyReply, id: string): void {
  const { raw, server } = request
  const options = loggerOptionsOf(request) ?? {}
  request.log = factoryOf(request).call(server, server.log, { request_id: id }, options, raw)
  reply.log = request.log
}

function isHandlerTimeout(error: unknown): boolean {
  return attempt(() => codeOf(error), undefined) === HANDLER_TIMEOUT
}

/** The record of a request; absent on one that was answered before it arrived. */
function entryOf({ waybill }: FastifyRequest): Entry | undefined {
  return waybill as Entry | undefined
}
