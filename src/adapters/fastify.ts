import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import { setOutsideLogger } from '../current-log.js'
import { isFastify, misplacedPlugin, showValue, WaybillError, warnOnce } from '../errors.js'
import { Tracker } from '../http/exchange.js'
import { receiveFrom } from '../http/server.js'
import type { CurrentRequest, Options, RawRequest, RequestLogger } from '../options.js'
import type { EventLog } from '../output/events.js'
import type { RouteConfig } from '../policies.js'
import { checkOptionNames, type EventSettings, parseEventOptions } from '../read-options.js'
import { checkRouteConfig } from '../read-policies.js'
import type { Capture } from '../request/details.js'
import { newUuid } from '../request/id.js'
import { safely } from '../safely.js'
import {
  furtherServers,
  isRoot,
  noteFrameworkErrors,
  ownIdGeneratorOf,
  ownIdLabelOf,
  replaceRequestLines,
} from './fastify-internals.js'
import { FastifyRequests } from './fastify-records.js'
import { openLog, useOwnLogger } from './open-log.js'
import { forwardTo, isNullLogger } from './request-logger.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Adds fields and errors to the completion line of this request. */
    waybill: CurrentRequest
  }
  interface FastifyContextConfig {
    /** What waybill does with the requests of this route. */
    waybill?: RouteConfig
  }
}

const NAME = 'waybill'
const DECORATOR = 'waybill'

/** The two places of the Fastify option that lets a query begin with `;`; Fastify's types have only the first. */
interface RouterConfig {
  useSemicolonDelimiter?: boolean
  routerOptions?: { useSemicolonDelimiter?: boolean }
}

const plugin: FastifyPluginCallback<Options> = (app, options, done) => {
  if (!isFastify(app)) throw misplacedPlugin()
  try {
    install(app, options)
  } catch (error) {
    done(error as Error)
    return
  }
  done()
}

/**
 * The Fastify plugin: it logs one start event and one completion event for every request, on stdout, with the same request
 * id. In an app with its own logger, the events go through that logger.
 *
 * @example
 * const app = Fastify()
 * await app.register(waybill)
 *
 * @throws {WaybillError} at registration: for an unknown option, a wrong type or an impossible value, if it is registered
 * twice, or if anything but Fastify calls it
 */
export const waybill = fp(plugin, { fastify: '>=5.10.0 <6', name: NAME })

function install(app: FastifyInstance, options: Options): void {
  refuseConflicts(app)
  checkOptionNames(options)
  const settings = withOwnIds(parseEventOptions(options), options, app)
  const { captures } = settings
  const hasOwnLogger = !isNullLogger(app.log)
  const silent = hasOwnLogger ? undefined : app.log
  const events = hasOwnLogger ? useOwnLogger(options, captures) : bringLogger(app, options, captures)
  const tracker = new Tracker(settings, events, () => app.log as RequestLogger, hasSemicolonQueries(app))
  const requests = new FastifyRequests(tracker, silent)

  if (isRoot(app)) receiveAll(app, tracker, requests)
  app.decorateRequest(DECORATOR, {
    getter() {
      // Undefined only after an internal error of waybill.
      return tracker.of(this.raw) as CurrentRequest
    },
  })
  app.setGenReqId((raw) => safely(() => requests.acceptId(raw)) ?? newUuid())
  app.addHook('onRoute', ({ config }) => checkRouteConfig(config?.waybill))
  app.addHook('onError', (request, _reply, error, done) => {
    safely(() => requests.failed(error, request))
    done()
  })
  if (!replaceRequestLines(app, requests)) observeByHooks(app, requests, hasOwnLogger)
  setOutsideLogger(() => app.log as RequestLogger)
  if (settings.context) runInContext(app, tracker)
}

/** Runs all later hooks and the handler of a request within its context. */
function runInContext(app: FastifyInstance, tracker: Tracker): void {
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    const record = safely(() => tracker.of(raw))
    if (record === undefined) done()
    else tracker.run(record, done)
  })
  app.addHook('onClose', (_app, done) => {
    tracker.close()
    done()
  })
}

/** Returns the settings with Fastify's option `genReqId`, which generates the ids unless `requestId.generate` is set. */
function withOwnIds(settings: EventSettings, { requestId }: Options, app: FastifyInstance): EventSettings {
  const generate = requestId?.generate === undefined ? ownIdGeneratorOf(app) : undefined
  return generate === undefined
    ? settings
    : { ...settings, ids: { ...settings.ids, generate, generatedBy: 'genReqId' } }
}

function refuseConflicts(app: FastifyInstance): void {
  if (app.hasRequestDecorator(DECORATOR)) {
    const message = app.hasPlugin(NAME)
      ? 'waybill: the plugin is already registered, here or in a parent context; register it once'
      : 'waybill: another plugin has already added the request decorator "waybill"'
    throw new WaybillError('WAYBILL_ERR_REGISTERED_TWICE', message)
  }
  const { requestIdHeader } = app.initialConfig
  if (requestIdHeader) {
    const message = `waybill: Fastify's option "requestIdHeader" must not be set, got ${showValue(requestIdHeader)}: it trusts any id; use waybill's option "requestId.header"`
    throw new WaybillError('WAYBILL_ERR_FASTIFY_OPTION', message, 'requestIdHeader')
  }
  const label = ownIdLabelOf(app)
  if (label !== undefined) {
    const message = `waybill: Fastify's option "requestIdLogLabel" must not be set, got ${showValue(label)}: every line carries the id as request_id`
    throw new WaybillError('WAYBILL_ERR_FASTIFY_OPTION', message, 'requestIdLogLabel')
  }
}

/** Receives every request of an app's servers, including those that are answered before any route. */
function receiveAll(app: FastifyInstance, tracker: Tracker, requests: FastifyRequests): void {
  noteFrameworkErrors(app, requests)
  receiveFrom(app.server, tracker)
  app.addHook('onListen', (done) => {
    for (const server of furtherServers(app)) receiveFrom(server, tracker)
    done()
  })
  app.addHook('onReady', (done) => {
    safely(() => sendIdWithHandshakes(app, tracker))
    done()
  })
  app.addHook('preClose', (done) => {
    tracker.isClosing = () => true
    done()
  })
}

/** The `ws` server that `@fastify/websocket` adds to an app. */
interface HandshakeServer {
  on(event: 'headers', listener: (headers: string[], request: RawRequest) => void): unknown
}

/** Sends the id with the 101 of `@fastify/websocket`, which writes directly to the socket. */
function sendIdWithHandshakes(app: FastifyInstance, tracker: Tracker): void {
  const { websocketServer: server } = app as { websocketServer?: HandshakeServer }
  const { idHeader: header } = tracker
  if (header === undefined) return
  server?.on('headers', (headers, request) => {
    safely(() => {
      const record = tracker.of(request)
      if (record !== undefined) headers.push(`${header.name}: ${record.requestId}`)
    })
  })
}

/** Whether a query may begin with `;` in this app, as in older Fastify versions. */
function hasSemicolonQueries({ initialConfig }: FastifyInstance): boolean {
  const { routerOptions, useSemicolonDelimiter } = initialConfig as RouterConfig
  return routerOptions?.useSemicolonDelimiter ?? useSemicolonDelimiter ?? false
}

/** Sets the logger of an app without logging to a pino logger that writes where the events go. */
function bringLogger(app: FastifyInstance, options: Options, captures: readonly Capture[]): EventLog {
  const { events, logger } = openLog(options, captures)
  if (isRoot(app)) forwardTo(app.log, logger)
  app.log = logger
  return events
}

/** Falls back to public hooks if Fastify's log controller has moved; they can't remove Fastify's lines. */
function observeByHooks(app: FastifyInstance, requests: FastifyRequests, hasOwnLogger: boolean): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (hasOwnLogger) request.log = request.log.child({ request_id: request.id })
    reply.log = request.log
    safely(() => requests.arrived(request, reply))
    done()
  })
  warnOnce(
    'WAYBILL_WARN_FASTIFY_LINES',
    '',
    'waybill: this version of Fastify keeps its log controller elsewhere, so its own request lines appear beside the events; create the app with logController: new LogController({ disableRequestLogging: true })',
  )
}
