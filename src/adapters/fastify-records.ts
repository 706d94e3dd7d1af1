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

/** A request with the type of logger that waybill uses. */
type WithLogger = { readonly log: RequestLogger }

/** Notes in the records what Fastify reports about requests. */
export class FastifyRequests implements RequestObserver {
  readonly #tracker: Tracker
  /** The null logger of an app without logging, which its requests have at first. */
  readonly #silent: FastifyBaseLogger | undefined
  /** Whether Fastify passes only its null logger to the app's logger factories. */
  readonly #usesFactories: boolean
  /** Whether the loggers of a factory carry the id, cached because asking the logger of each request costs too much. */
  readonly #factories = new WeakMap<object, boolean>()

  constructor(tracker: Tracker, silent: FastifyBaseLogger | undefined) {
    this.#tracker = tracker
    this.#silent = silent
    this.#usesFactories = silent !== undefined && isNullLogger(silent)
  }

  /** Returns the id of a request that has no Fastify request yet; an injected one has no record either. */
  acceptId(raw: RawRequest): string {
    return (this.#tracker.of(raw) ?? this.#tracker.create(raw)).requestId
  }

  arrived(request: FastifyRequest, reply: FastifyReply, quiet = false): void {
    const record = this.#recordOf(request, reply)
    if (record.requestId !== request.id) this.#takeGeneratedId(record, request)
    const { idHeader } = this.#tracker
    // In lower case, as Fastify stores header names.
    if (idHeader !== undefined) reply.header(idHeader.lowered, record.requestId)
    const isSilent = this.#isSilent(request)
    if (isSilent) setLogger(request, reply, record)
    else if (this.#usesFactories) setFactoryLogger(request, reply, record)
    record.route ??= routeOf(request)
    setLevel(request, reply, this.#tracker.loggerFor(record, (request as WithLogger).log))
    record.logger = (request as WithLogger).log
    record.bindsId = isSilent || this.#bindsId(request, record.requestId)
    if (!isSilent && this.#silent !== undefined) markOwnLogger(request.log as Logger, record)
    record.isRouted = !isUnrouted(request)
    record.framework = request as WithLogger
    record.isQuiet = quiet || isQuietRoute(request)
    this.#tracker.start(record, request)
  }

  /** Whether a request has only the null logger. */
  #isSilent(request: FastifyRequest): boolean {
    if (this.#silent === undefined) return false
    return (request.log === this.#silent && !this.#usesFactories) || hasDefaultFactory(request)
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
    // An injected request, or one of a server that is not the app's.
    if (!record?.isOpen)
      record = upgrade
        ? receiveHandover(this.#tracker, raw, raw.socket)
        : this.#tracker.receive(raw, undefined)
    if (record.response === undefined) this.#tracker.attach(record, reply.raw)
    return record
  }

  /** Takes the id that a plugin context's own `genReqId` has made; an invalid one is replaced. */
  #takeGeneratedId(record: RequestRecord, request: FastifyRequest): void {
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
      binds = bindsId((request as WithLogger).log, id)
      this.#factories.set(factory, binds)
    }
    return binds
  }
}

/**
 * Sets the logger of a request. A child logger factory does not serve here: Fastify checks each logger that it creates, and
 * doesn't call it on routes that were declared before the app had a logger.
 */
function setLogger(request: FastifyRequest, reply: FastifyReply, record: RequestRecord): void {
  request.log = requestLogger(request.server.log as Logger, record, loggerOptionsOf(request))
  reply.log = request.log
}

/** Sets the logger of a request to what the app's own factory creates from the context's logger. */
function setFactoryLogger(request: FastifyRequest, reply: FastifyReply, { requestId }: RequestRecord): void {
  const { raw, server } = request
  const options = loggerOptionsOf(request) ?? {}
  request.log = factoryOf(request).call(server, server.log, { request_id: requestId }, options, raw)
  reply.log = request.log
}

/** Gives a request the logger with the level that the app has for it. */
function setLevel(request: FastifyRequest, reply: FastifyReply, logger: RequestLogger): void {
  if (logger === (request as WithLogger).log) return
  request.log = logger as FastifyBaseLogger
  reply.log = request.log
}

function isHandlerTimeout(error: unknown): boolean {
  return attempt(() => codeOf(error), undefined) === HANDLER_TIMEOUT
}
