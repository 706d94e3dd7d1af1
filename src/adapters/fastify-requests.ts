import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { showValue, warnOnce } from '../errors.js'
import { noteBroken } from '../http/connection.js'
import type { Tracker } from '../http/exchange.js'
import { receiveHandover } from '../http/server.js'
import type { RawRequest, RequestLogger } from '../options.js'
import { codeOf } from '../request/error.js'
import { isRequestId } from '../request/id.js'
import { bindsId, type RequestRecord } from '../request/record.js'
import { attempt } from '../safely.js'
import type { RequestObserver } from './fastify-internals.js'
import {
  factoryOf,
  hasDefaultFactory,
  isQuietRoute,
  isUnrouted,
  loggerOptionsOf,
  routeOf,
} from './fastify-route-internals.js'
import { isNullLogger, markOwnLogger, requestLogger } from './request-logger.js'

const HANDLER_TIMEOUT = 'FST_ERR_HANDLER_TIMEOUT'

/** A request whose logger fits what waybill needs of one. */
type Logged = { readonly log: RequestLogger }

/** Notes in the records of requests what Fastify tells of them. */
export class FastifyRequests implements RequestObserver {
  readonly #tracker: Tracker
  /** The logger of an app without logging, which its requests have at first. */
  readonly #silent: FastifyBaseLogger | undefined
  /** Whether Fastify has the factories of an app make loggers of its null logger alone. */
  readonly #asksFactories: boolean
  /** Whether the loggers that a factory makes carry the id; asking a logger itself costs too much for each request. */
  readonly #factories = new WeakMap<object, boolean>()

  constructor(tracker: Tracker, silent: FastifyBaseLogger | undefined) {
    this.#tracker = tracker
    this.#silent = silent
    this.#asksFactories = silent !== undefined && isNullLogger(silent)
  }

  /** The id of a request that has no Fastify request yet; an injected one has no record either. */
  acceptId(raw: RawRequest): string {
    return (this.#tracker.of(raw) ?? this.#tracker.create(raw)).requestId
  }

  arrived(request: FastifyRequest, reply: FastifyReply, quiet = false): void {
    const record = this.#recordOf(request, reply)
    if (record.requestId !== request.id) this.#takeOtherId(record, request)
    const { idHeader } = this.#tracker
    // In lower case, as Fastify keeps it.
    if (idHeader !== undefined) reply.header(idHeader.lowered, record.requestId)
    const isSilent = this.#isSilent(request)
    if (isSilent) giveLogger(request, reply, record)
    else if (this.#asksFactories) askFactory(request, reply, record)
    record.logger = (request as Logged).log
    record.bindsId = isSilent || this.#bindsId(request, record.requestId)
    if (!isSilent && this.#silent !== undefined) markOwnLogger(request.log as Logger, record)
    record.route ??= routeOf(request)
    record.isRouted = !isUnrouted(request)
    record.framework = request as Logged
    record.isQuiet = quiet || isQuietRoute(request)
    this.#tracker.start(record, request)
  }

  /** Whether Fastify has given a request no logger, or none but that of its default factory. */
  #isSilent(request: FastifyRequest): boolean {
    if (this.#silent === undefined) return false
    return (request.log === this.#silent && !this.#asksFactories) || hasDefaultFactory(request)
  }

  failed(error: unknown, request: FastifyRequest): void {
    const record = this.#tracker.of(request.raw)
    if (record === undefined) return
    record.threw(error)
    if (isHandlerTimeout(error)) record.handlerTimedOut = true
  }

  broke(error: unknown, request: FastifyRequest): void {
    const record = this.#tracker.of(request.raw)
    if (record === undefined) return
    if (isHandlerTimeout(error)) record.handlerTimedOut = true
    noteBroken(record, error)
  }

  failedLate(error: unknown, request: FastifyRequest): void {
    request.log.error(error, 'an onResponse hook failed')
  }

  #recordOf({ raw }: FastifyRequest, reply: FastifyReply): RequestRecord {
    const { upgrade } = raw as { upgrade?: boolean }
    let record = this.#tracker.of(raw)
    // An injected request, which no server has had, or one of a server that is not the app's.
    if (!record?.isOpen)
      record = upgrade
        ? receiveHandover(this.#tracker, raw, raw.socket)
        : this.#tracker.receive(raw, undefined)
    if (record.response === undefined) this.#tracker.attach(record, reply.raw)
    return record
  }

  /** Takes the id that a context of the app has made by a generator of its own; one that can't be sent is replaced. */
  #takeOtherId(record: RequestRecord, request: FastifyRequest): void {
    const made: unknown = request.id
    const id = typeof made === 'number' ? String(made) : made
    if (isRequestId(id)) {
      record.requestId = id
      return
    }
    const message = `waybill: genReqId must return a string that is a valid request id, got ${showValue(made)}; the id ${record.requestId} was used`
    warnOnce('WAYBILL_WARN_OPTION_RESULT', 'genReqId', message)
    request.id = record.requestId
  }

  #bindsId(request: FastifyRequest, id: string): boolean {
    const factory = factoryOf(request)
    let binds = this.#factories.get(factory)
    if (binds === undefined) {
      binds = bindsId((request as Logged).log, id)
      this.#factories.set(factory, binds)
    }
    return binds
  }
}

/**
 * Gives a request a logger of its own. Not by a child logger factory: Fastify checks each logger that one makes, and asks
 * none on routes that were declared before the app had a logger.
 */
function giveLogger(request: FastifyRequest, reply: FastifyReply, record: RequestRecord): void {
  request.log = requestLogger(request.server.log as Logger, record, loggerOptionsOf(request))
  reply.log = request.log
}

/** Gives a request the logger that the app's own factory makes of the logger of this context. */
function askFactory(request: FastifyRequest, reply: FastifyReply, { requestId }: RequestRecord): void {
  const { raw, server } = request
  const options = loggerOptionsOf(request) ?? {}
  request.log = factoryOf(request).call(server, server.log, { request_id: requestId }, options, raw)
  reply.log = request.log
}

function isHandlerTimeout(error: unknown): boolean {
  return attempt(() => codeOf(error), undefined) === HANDLER_TIMEOUT
}
