import { IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Http2SecureServer, Http2Server, Http2ServerResponse } from 'node:http2'
import { systemClock } from '../clock.js'
import { logOutsideBy } from '../current-log.js'
import { showValue, WaybillError, warnOnce } from '../errors.js'
import { reservedNames } from '../formats/fields.js'
import { setHidden } from '../http/hidden.js'
import { receiveFrom } from '../http/servers.js'
import { receiveHandover } from '../http/upgrades.js'
import type { RawResponse, Visit } from '../http/visit.js'
import { Visits, visitOf } from '../http/visits.js'
import { Ledger } from '../ledger.js'
import type { RawRequest } from '../options.js'
import type { EventLog } from '../output/events.js'
import { openLog, useOwnLogger } from '../output.js'
import type { Capture } from '../request/details.js'
import { isRequestId } from '../request/id.js'
import { bindsId, type ParentLogger, type RequestLogger } from '../request/logger.js'
import type { Entry } from '../request/record.js'
import { RequestScope } from '../request-scope.js'
import { safely } from '../safely.js'
import { checkOptionNames, parseEventOptions } from '../settings.js'
import { isUndecodable, placeAmongRoutes, type RoutedRequest } from './express-internals.js'
import { type MiddlewareOptions, parseLogger, type RequestLog } from './middleware-options.js'
import { MiddlewareRequest } from './middleware-request.js'
import { isFastify, misplacedMiddleware } from './misplaced.js'
import { requestLogger } from './request-logger.js'

/** A server of Node.js. */
export type NodeServer = Server | Http2Server | Http2SecureServer

/** Passes a request on to what stands behind a middleware. */
export type Next = (error?: unknown) => void

/** A middleware for Express, Connect, Polka and the like, that a listener of `node:http` can call too. */
export interface Middleware {
  (request: RawRequest, response: ServerResponse | Http2ServerResponse, next?: Next): void
  /**
   * Has also those requests logged that a server answers before its app has them: what can't be parsed, what took too
   * long to come, upgrades, CONNECT, an Expect that nobody listens for. To be called before requests come.
   * @returns the middleware
   * @throws {WaybillError} for what is no server
   */
  attach(server: NodeServer): Middleware
}

/** A middleware for errors, as Express and Connect take it. */
export type ErrorMiddleware = (
  error: unknown,
  request: RawRequest,
  response: ServerResponse | Http2ServerResponse,
  next: Next,
) => void

/** RFC 9110, section 15.2.2. */
const SWITCHING_PROTOCOLS = 101

/** A middleware for errors that returns itself when it is called without arguments, so that both ways work. */
export interface ErrorMiddlewareMaker extends ErrorMiddleware {
  (): ErrorMiddleware
}

type Logged = RawRequest & { id?: string; log?: RequestLogger; waybill?: RequestLog['waybill'] }

/** Logs the requests that a middleware gets, and those of the servers that it is attached to. */
export class MiddlewareLog {
  readonly #visits: Visits
  readonly #childFor: MiddlewareOutput['childFor']
  readonly #scope: RequestScope | undefined
  /** Whether the ids of all clients are believed. */
  readonly #believesAll: boolean
  /** Whether those loggers say that they carry the id: asking each costs too much. */
  #bindsId: boolean | undefined
  readonly #servers = new Set<NodeServer>()

  constructor(options: MiddlewareOptions) {
    if (options instanceof IncomingMessage) {
      const message = 'options takes an object, got a request: call it, as in app.use(waybill())'
      throw new WaybillError('WAYBILL_ERR_OPTION_TYPE', message, 'options')
    }
    checkOptionNames(options, ['logger'])
    const settings = parseEventOptions(options)
    const { captures } = settings
    this.#believesAll = settings.ids.trust === 'always'
    const own = parseLogger(options)
    const { events, logger, childFor } =
      own === undefined ? bringLogger(options, captures) : throughLogger(own, options, captures)
    this.#childFor = childFor
    this.#scope = settings.context ? new RequestScope(settings.propagation) : undefined
    logOutsideBy(() => logger)
    const ledger = new Ledger(settings, reservedNames(), events, systemClock)
    this.#visits = new Visits(settings, ledger, () => logger, false)
    this.#visits.isClosing = () =>
      this.#servers.size > 0 && [...this.#servers].every((each) => !each.listening)
  }

  /** Opens the entry of a request, unless it has one, and has it handled. */
  handle(raw: Logged, response: RawResponse, next: Next | undefined): void {
    // Fastify registers it as a plugin, and takes an error from the callback only.
    if (isFastify(raw)) {
      next?.(misplacedMiddleware())
      return
    }
    const entry = safely(() => this.#enter(raw, response))
    if (next === undefined) return
    if (entry === undefined || this.#scope === undefined) next()
    else this.#scope.run(entry, { request: raw, response }, next)
  }

  /** Opens the entry of a request; undefined if that has been done. */
  #enter(raw: Logged, response: RawResponse): Entry | undefined {
    const known = visitOf(raw)
    if (known?.entry !== undefined) {
      // One middleware may stand at several places that a request comes by; another has nothing left to tell.
      if (known.keeper !== this.#visits) warnOfAnother()
      return undefined
    }
    const visit = this.#visits.of(raw) ?? this.#receive(raw, response)
    const id = this.#idOf(visit, raw)
    if (id !== visit.id.id) this.#visits.idSender.sendInstead(visit, id)
    const log = this.#childFor(raw, id)
    this.#bindsId ??= bindsId(log, id)
    setHidden(raw, 'id', id)
    setHidden(raw, 'log', log)
    const request = new MiddlewareRequest(raw as Logged & { log: RequestLogger })
    const entry = this.#visits.enter(visit, {
      requestId: id,
      method: raw.method ?? '',
      route: undefined,
      isRouted: true,
      source: request,
      request,
      bindsId: this.#bindsId,
    })
    // What stands before the middleware may have kept the request until its client had left.
    if (isClosed(response)) this.#visits.leave(visit)
    setHidden(raw, 'waybill', entry)
    return entry
  }

  /** The id of a request: a valid one that an earlier middleware made, unless it only copied one that is not believed. */
  #idOf({ id: { id } }: Visit, { id: made, headers }: Logged): string {
    if (!isRequestId(made)) return id
    // From whichever header: where not every client is believed, only waybill's own rules believe one.
    const isCopied = !this.#believesAll && Object.values(headers).includes(made)
    return isCopied ? id : made
  }

  /** Receives a request that no attached server has; express-ws hands over what was upgraded, with a response of its own. */
  #receive(raw: Logged, response: RawResponse): Visit {
    const { upgrade, ws } = raw as { upgrade?: boolean; ws?: unknown }
    if (!upgrade || typeof ws !== 'object' || ws === null) return this.#visits.receive(raw, response)
    const visit = receiveHandover(this.#visits, raw, raw.socket)
    // The handshake is over.
    visit.writtenStatus ??= SWITCHING_PROTOCOLS
    return visit
  }

  attach(server: unknown): void {
    if (!isServer(server)) {
      const message = `attach takes a server of node:http, node:https or node:http2, got ${showValue(server)}`
      throw new WaybillError('WAYBILL_ERR_SERVER', message)
    }
    if (this.#servers.has(server)) return
    this.#servers.add(server)
    receiveFrom(server as Server, this.#visits, false)
  }
}

/** Whether nothing more will be heard of a response. */
function isClosed({ closed, stream }: RawResponse & { stream?: { closed: boolean } }): boolean {
  return closed || stream?.closed === true
}

/** What a middleware writes with. */
interface MiddlewareOutput {
  readonly events: EventLog
  readonly logger: RequestLogger
  readonly childFor: (request: RawRequest, id: string) => RequestLogger
}

function bringLogger(options: MiddlewareOptions, captures: readonly Capture[]): MiddlewareOutput {
  const { events, logger } = openLog(options, captures)
  const childFor: MiddlewareOutput['childFor'] = (request, id) => requestLogger(logger, id, request)
  return { events, logger, childFor }
}

function throughLogger(
  logger: ParentLogger,
  options: MiddlewareOptions,
  captures: readonly Capture[],
): MiddlewareOutput {
  const events = useOwnLogger(options, captures)
  return { events, logger, childFor: (_request, id) => logger.child({ request_id: id }) }
}

function isServer(value: unknown): value is NodeServer {
  const { listening, setTimeout } = Object(value) as Partial<NodeServer>
  return typeof listening === 'boolean' && typeof setTimeout === 'function'
}

function warnOfAnother(): void {
  warnOnce(
    'WAYBILL_WARN_REGISTERED_TWICE',
    '',
    'a request came to a second waybill, which logs nothing of it: register it once',
  )
}

/** Warns of an app of Express whose routes stand where the middleware can't see them, or their errors. */
export function warnOfOrder(request: RawRequest, middleware: Middleware): void {
  const { app } = request as Partial<RoutedRequest>
  if (typeof app?.enabled !== 'function') return
  const place = placeAmongRoutes(app, middleware)
  if (place !== undefined && place.before > 0 && place.after === 0) {
    warnOnce(
      'WAYBILL_WARN_ORDER',
      'middleware',
      'app.use(waybill()) stands after all routes, so that it logs none of their requests: move it before them',
    )
  }
  const ofErrors = placeAmongRoutes(app, passError)
  if (ofErrors !== undefined && ofErrors.before === 0 && ofErrors.after > 0) {
    warnOnce(
      'WAYBILL_WARN_ORDER',
      'errors',
      'app.use(waybill.errors()) stands before all routes, so that it gets none of their errors: move it behind them',
    )
  }
}

/** Puts an error into the completion line of its request and passes it on; without arguments, returns itself. */
export function passError(): ErrorMiddleware
export function passError(error: unknown, request: Logged, response: unknown, next: Next): void
export function passError(
  error?: unknown,
  request?: Logged,
  _response?: unknown,
  next?: Next,
): ErrorMiddleware | undefined {
  if (request === undefined || next === undefined) return passError
  const visit = visitOf(request)
  visit?.entry?.threw(error)
  if (visit !== undefined && isUndecodable(error)) visit.routed = false
  next(error)
  return undefined
}
