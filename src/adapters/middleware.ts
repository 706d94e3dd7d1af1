import { IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Http2SecureServer, Http2Server, Http2ServerResponse } from 'node:http2'
import { setOutsideLogger } from '../current-log.js'
import { isFastify, misplacedMiddleware, showValue, WaybillError, warnOnce } from '../errors.js'
import { recordOf, recordOfResponse } from '../http/carrier.js'
import { Tracker } from '../http/exchange.js'
import { receiveFrom, receiveHandover } from '../http/server.js'
import type { CurrentRequest, MiddlewareOptions, RawRequest, RequestLog, RequestLogger } from '../options.js'
import { checkOptionNames, parseEventOptions, parseLogger } from '../read-options.js'
import { isRequestId } from '../request/id.js'
import { bindsId, type RequestRecord } from '../request/record.js'
import { safely, setHidden } from '../safely.js'
import { MiddlewareRequest } from './express-internals.js'
import { openLog, useOwnLogger } from './open-log.js'
import { requestLogger } from './request-logger.js'

/** A Node.js server. */
export type NodeServer = Server | Http2Server | Http2SecureServer

/** Passes a request on to the next middleware or handler. */
export type Next = (error?: unknown) => void

/** A middleware for Express, Connect, Polka and any framework that accepts `(req, res, next)` middleware. */
export interface Middleware {
  (request: RawRequest, response: ServerResponse | Http2ServerResponse, next?: Next): void
  /**
   * Also logs requests that a server handles before its app sees them: malformed ones, requests that time out while they
   * arrive, upgrades, CONNECT, an unsupported `Expect` header. Call it before the first request.
   * @returns the middleware
   * @throws {WaybillError} if the argument is no server
   */
  attach(server: NodeServer): Middleware
}

/** RFC 9110, section 15.2.2. */
const SWITCHING_PROTOCOLS = 101

type ExtendedRequest = RawRequest & { id?: string; log?: RequestLogger; waybill?: CurrentRequest }

/** The properties that are added to requests. */
export const ADDED_PROPERTIES = Object.entries({
  id: ({ requestId }: RequestRecord) => requestId,
  log: ({ logger }: RequestRecord) => logger,
  waybill: (record: RequestRecord) => record,
})

/** Logs the requests that a middleware gets, and those of the servers that it is attached to. */
class MiddlewareLog {
  readonly #tracker: Tracker
  readonly #loggerFor: (record: RequestRecord) => RequestLogger
  readonly #hasContext: boolean
  /** Whether the ids of all clients are trusted. */
  readonly #trustsAll: boolean
  /** Whether the loggers of requests carry the id; cached because asking each costs too much. */
  #bindsId: boolean | undefined
  readonly #servers = new Set<NodeServer>()

  constructor(options: MiddlewareOptions) {
    if (options instanceof IncomingMessage) {
      const message =
        'waybill: options must be an object, got a request: write app.use(waybill()), with parentheses'
      throw new WaybillError('WAYBILL_ERR_OPTION_TYPE', message, 'options')
    }
    checkOptionNames(options, ['logger'])
    const settings = parseEventOptions(options)
    const { captures, context, ids } = settings
    this.#hasContext = context
    this.#trustsAll = ids.trust === 'always'
    const own = parseLogger(options)
    if (own === undefined) {
      const { events, logger } = openLog(options, captures)
      this.#loggerFor = (record) => requestLogger(logger, record)
      this.#tracker = new Tracker(settings, events, () => logger)
      setOutsideLogger(() => logger)
    } else {
      const events = useOwnLogger(options, captures)
      this.#loggerFor = ({ requestId }) => own.child({ request_id: requestId })
      this.#tracker = new Tracker(settings, events, () => own)
      setOutsideLogger(() => own)
    }
    this.#tracker.isClosing = () =>
      this.#servers.size > 0 && [...this.#servers].every((each) => !each.listening)
  }

  /** Starts a request, unless it has been started, and calls `next`. */
  handle(raw: ExtendedRequest, response: ServerResponse, next: Next | undefined): void {
    // Fastify calls it as a plugin, and takes errors only from the callback.
    if (isFastify(raw)) {
      next?.(misplacedMiddleware())
      return
    }
    const record = safely(() => this.#start(raw, response))
    if (next === undefined) return
    if (record === undefined || !this.#hasContext) next()
    else this.#tracker.run(record, next)
  }

  /** Starts a request; returns undefined if it is started already. */
  #start(raw: ExtendedRequest, response: ServerResponse): RequestRecord | undefined {
    const known = recordOf(raw) ?? recordOfResponse(response)
    if (known?.started) {
      // The same middleware may be registered in several places; a second one does not log the request.
      if (known.keeper !== this.#tracker) warnOfSecond()
      return undefined
    }
    const record = this.#tracker.of(raw, response) ?? this.#receive(raw, response)
    const id = this.#idOf(record, raw)
    record.requestId = id
    record.logger = this.#tracker.loggerFor(record, this.#loggerFor(record))
    this.#bindsId ??= bindsId(record.logger, id)
    record.bindsId = this.#bindsId
    record.isRouted = true
    const request = new MiddlewareRequest(raw)
    record.framework = request
    addProperties(raw, record)
    this.#tracker.start(record, request)
    // An earlier middleware may have held the request until its client left.
    if (isClosed(response)) this.#tracker.end(record)
    return record
  }

  /** Returns the id of a request: a valid one that an earlier middleware set, unless it copied an untrusted one. */
  #idOf({ requestId }: RequestRecord, { id: made, headers }: ExtendedRequest): string {
    if (!isRequestId(made)) return requestId
    // From any header: unless all clients are trusted, only waybill's own rules trust an id.
    const isCopied = !this.#trustsAll && Object.values(headers).includes(made)
    return isCopied ? requestId : made
  }

  /** Receives a request of a server that is not attached; express-ws passes upgraded ones, with its own response. */
  #receive(raw: ExtendedRequest, response: ServerResponse): RequestRecord {
    const { upgrade, ws } = raw as { upgrade?: boolean; ws?: unknown }
    if (!upgrade || typeof ws !== 'object' || ws === null) return this.#tracker.receive(raw, response)
    const record = receiveHandover(this.#tracker, raw, raw.socket)
    // The handshake is done.
    record.writtenStatus ??= SWITCHING_PROTOCOLS
    return record
  }

  attach(server: unknown): void {
    if (!isServer(server)) {
      const message = `waybill: attach() expects a server of node:http, node:https or node:http2, got ${showValue(server)}`
      throw new WaybillError('WAYBILL_ERR_SERVER', message)
    }
    if (this.#servers.has(server)) return
    this.#servers.add(server)
    receiveFrom(server as Server, this.#tracker)
  }
}

/** Sets the id, logger and record on a request, unless its prototype has them. */
function addProperties(raw: ExtendedRequest, record: RequestRecord): void {
  for (const [name, read] of ADDED_PROPERTIES) {
    const value = read(record)
    if (Reflect.get(raw, name) !== value) setHidden(raw, name, value)
  }
}

function isClosed({ closed, stream }: ServerResponse & { stream?: { closed: boolean } }): boolean {
  return closed || stream?.closed === true
}

function isServer(value: unknown): value is NodeServer {
  const { listening, setTimeout } = Object(value) as Partial<NodeServer>
  return typeof listening === 'boolean' && typeof setTimeout === 'function'
}

function warnOfSecond(): void {
  warnOnce(
    'WAYBILL_WARN_REGISTERED_TWICE',
    '',
    'waybill: a request reached a second waybill middleware, which does not log it; register waybill once',
  )
}

/**
 * Creates a middleware for any framework that accepts `(req, res, next)` middleware.
 * @param arrived called with each request before it starts
 */
export function createMiddleware(
  options: MiddlewareOptions,
  arrived: (request: RawRequest) => void,
): Middleware {
  const log = new MiddlewareLog(options)
  const middleware: Middleware = (request, response, next) => {
    safely(() => arrived(request))
    log.handle(request, response as ServerResponse, next)
  }
  middleware.attach = (server) => {
    log.attach(server)
    return middleware
  }
  return middleware
}

type AnyResponse = ServerResponse | Http2ServerResponse

/** A listener of a Node.js server whose requests have an id, a logger and a record. */
export type Listener<Request extends RawRequest, Response> = (
  request: Request & RequestLog,
  response: Response,
) => unknown

/** A listener for servers of `node:http`, `node:https` and `node:http2` that logs its requests. */
export interface LoggedListener {
  (request: RawRequest, response: AnyResponse): unknown
  /** Also logs requests that a server handles before its listener sees them: see {@link Middleware.attach}. */
  attach(server: NodeServer): LoggedListener
}

/**
 * Wraps a listener of `node:http`, `node:https` or `node:http2`: it logs one start event and one completion event for every
 * request, on stdout, with the same request id; lines of `request.log` carry that id.
 *
 * @example
 * http.createServer(waybill((request, response) => {
 *   request.log.info('looking up user')
 *   response.end('Ada')
 * }))
 *
 * @example
 * http2.createSecureServer(keys, waybill<Http2ServerRequest, Http2ServerResponse>((request, response) => {
 *   response.end(request.authority)
 * }))
 *
 * @throws {WaybillError} if the argument is no listener, and for an unknown option, a wrong type or an impossible value
 */
export function waybillListener<
  Request extends RawRequest = IncomingMessage,
  Response extends AnyResponse = ServerResponse,
>(listener: Listener<Request, Response>, options: MiddlewareOptions = {}): LoggedListener {
  if (typeof listener !== 'function') {
    const got = isFastify(listener) ? 'a Fastify app' : showValue(listener)
    const message = `waybill: listener must be a function of a request and a response, got ${got}; in Fastify, import waybill from 'waybill', in Express from 'waybill/express'`
    throw new WaybillError('WAYBILL_ERR_ENTRY', message)
  }
  const log = new MiddlewareLog(options)
  const logged = ((request: Request, response: Response): unknown => {
    let result: unknown
    log.handle(request, response as ServerResponse, () => {
      const noteAndThrow = (error: unknown): never => {
        safely(() => recordOf(request)?.threw(error))
        throw error
      }
      try {
        result = listener(request as Request & RequestLog, response)
        // A rejection stays as unhandled as it is without waybill.
        if (result instanceof Promise) result = result.catch(noteAndThrow)
      } catch (error) {
        noteAndThrow(error)
      }
    })
    return result
  }) as LoggedListener
  logged.attach = (server) => {
    log.attach(server)
    return logged
  }
  return logged
}
