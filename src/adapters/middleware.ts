import { IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Http2SecureServer, Http2Server, Http2ServerResponse } from 'node:http2'
import { logOutsideBy } from '../current-log.js'
import { showValue, WaybillError, warnOnce } from '../errors.js'
import { recordOf, setHidden } from '../http/carrier.js'
import { Tracker } from '../http/exchange.js'
import { receiveFrom, receiveHandover } from '../http/server.js'
import type { CurrentRequest, MiddlewareOptions, RawRequest, RequestLogger } from '../options.js'
import { openLog, useOwnLogger } from '../output.js'
import { checkOptionNames, parseEventOptions, parseLogger } from '../read-options.js'
import { isRequestId } from '../request/id.js'
import { bindsId, type RequestRecord } from '../request/record.js'
import { safely } from '../safely.js'
import { addAccessors, isUndecodable, placeAmongRoutes } from './express-internals.js'
import { isRouted, MiddlewareRequest } from './express-route.js'
import { isFastify, misplacedMiddleware } from './misplaced.js'
import { requestLogger } from './request-logger.js'

/** A server of Node.js. */
export type NodeServer = Server | Http2Server | Http2SecureServer

/** Passes a request on to what stands behind a middleware. */
export type Next = (error?: unknown) => void

/** A middleware for Express, Connect, Polka and any framework that accepts `(req, res, next)` middleware. */
export interface Middleware {
  (request: RawRequest, response: ServerResponse | Http2ServerResponse, next?: Next): void
  /**
   * Logs also the requests that a server answers before its app has them: what can't be parsed, what took too long to
   * come, upgrades, CONNECT, an unsupported `Expect` header. Call it before requests come.
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

/** A middleware for errors that returns itself when it is called without arguments, so that both ways work. */
export interface ErrorMiddlewareMaker extends ErrorMiddleware {
  (): ErrorMiddleware
}

/** RFC 9110, section 15.2.2. */
const SWITCHING_PROTOCOLS = 101

type Logged = RawRequest & { id?: string; log?: RequestLogger; waybill?: CurrentRequest }

/** What requests get, by name. */
const ADDED = {
  id: ({ requestId }: RequestRecord) => requestId,
  log: ({ logger }: RequestRecord) => logger,
  waybill: (record: RequestRecord) => record,
}

/** Logs the requests that a middleware gets, and those of the servers that it is attached to. */
export class MiddlewareLog {
  readonly #tracker: Tracker
  readonly #loggerFor: (record: RequestRecord) => RequestLogger
  readonly #hasContext: boolean
  /** Whether the ids of all clients are believed. */
  readonly #believesAll: boolean
  /** Whether the loggers of requests say that they carry the id: asking each costs too much. */
  #bindsId: boolean | undefined
  readonly #servers = new Set<NodeServer>()

  constructor(options: MiddlewareOptions) {
    if (options instanceof IncomingMessage) {
      const message = 'options takes an object, got a request: call it, as in app.use(waybill())'
      throw new WaybillError('WAYBILL_ERR_OPTION_TYPE', message, 'options')
    }
    checkOptionNames(options, ['logger'])
    const settings = parseEventOptions(options)
    const { captures, context, ids } = settings
    this.#hasContext = context
    this.#believesAll = ids.trust === 'always'
    const own = parseLogger(options)
    if (own === undefined) {
      const { events, logger } = openLog(options, captures)
      this.#loggerFor = (record) => requestLogger(logger, record)
      this.#tracker = new Tracker(settings, events, () => logger)
      logOutsideBy(() => logger)
    } else {
      const events = useOwnLogger(options, captures)
      this.#loggerFor = ({ requestId }) => own.child({ request_id: requestId })
      this.#tracker = new Tracker(settings, events, () => own)
      logOutsideBy(() => own)
    }
    this.#tracker.isClosing = () =>
      this.#servers.size > 0 && [...this.#servers].every((each) => !each.listening)
  }

  /** Starts a request, unless it has been started, and has it handled. */
  handle(raw: Logged, response: ServerResponse, next: Next | undefined): void {
    // Fastify registers it as a plugin, and takes an error from the callback only.
    if (isFastify(raw)) {
      next?.(misplacedMiddleware())
      return
    }
    const record = safely(() => this.#start(raw, response))
    if (next === undefined) return
    if (record === undefined || !this.#hasContext) next()
    else this.#tracker.run(record, next)
  }

  /** Starts a request; returns undefined if it has been started. */
  #start(raw: Logged, response: ServerResponse): RequestRecord | undefined {
    const known = recordOf(raw)
    if (known?.started) {
      // One middleware may stand at several places that a request comes by; another has nothing left to tell.
      if (known.keeper !== this.#tracker) warnOfAnother()
      return undefined
    }
    const record = this.#tracker.of(raw) ?? this.#receive(raw, response)
    const id = this.#idOf(record, raw)
    if (id !== record.requestId) this.#tracker.identify(record, id)
    record.logger = this.#loggerFor(record)
    this.#bindsId ??= bindsId(record.logger, id)
    record.bindsId = this.#bindsId
    record.isRouted = true
    const request = new MiddlewareRequest(raw)
    record.framework = request
    addTo(raw, record)
    this.#tracker.start(record, request)
    // What stands before the middleware may have kept the request until its client had left.
    if (isClosed(response)) this.#tracker.end(record)
    return record
  }

  /** The id of a request: a valid one that an earlier middleware made, unless it only copied one that is not believed. */
  #idOf({ requestId }: RequestRecord, { id: made, headers }: Logged): string {
    if (!isRequestId(made)) return requestId
    // From whichever header: where not every client is believed, only waybill's own rules believe one.
    const isCopied = !this.#believesAll && Object.values(headers).includes(made)
    return isCopied ? requestId : made
  }

  /** Receives a request that no attached server has; express-ws hands over what was upgraded, with a response of its own. */
  #receive(raw: Logged, response: ServerResponse): RequestRecord {
    const { upgrade, ws } = raw as { upgrade?: boolean; ws?: unknown }
    if (!upgrade || typeof ws !== 'object' || ws === null) return this.#tracker.receive(raw, response)
    const record = receiveHandover(this.#tracker, raw, raw.socket)
    // The handshake is over.
    record.writtenStatus ??= SWITCHING_PROTOCOLS
    return record
  }

  attach(server: unknown): void {
    if (!isServer(server)) {
      const message = `attach takes a server of node:http, node:https or node:http2, got ${showValue(server)}`
      throw new WaybillError('WAYBILL_ERR_SERVER', message)
    }
    if (this.#servers.has(server)) return
    this.#servers.add(server)
    receiveFrom(server as Server, this.#tracker, false)
  }
}

/** Gives a request its id, its logger and its record: in Express once for all, by the prototype of its requests. */
function addTo(raw: Logged, record: RequestRecord): void {
  if (isRouted(raw)) addAccessors(raw, ADDED, recordOf)
  for (const [name, read] of Object.entries(ADDED)) {
    const value = read(record)
    if (Reflect.get(raw, name) !== value) setHidden(raw, name, value)
  }
}

/** Whether nothing more will be heard of a response. */
function isClosed({ closed, stream }: ServerResponse & { stream?: { closed: boolean } }): boolean {
  return closed || stream?.closed === true
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
  if (!isRouted(request)) return
  const { app } = request
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
  const record = recordOf(request)
  record?.threw(error)
  if (record !== undefined && isUndecodable(error)) record.isRouted = false
  next(error)
  return undefined
}
