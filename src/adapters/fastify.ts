import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import { logOutsideBy } from '../current-log.js'
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
import { FastifyRequests } from './fastify-requests.js'
import { openLog, useOwnLogger } from './open-log.js'
import { isNullLogger, passOn } from './request-logger.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Adds to the completion line of this request. */
    waybill: CurrentRequest
  }
  interface FastifyContextConfig {
    /** What waybill does with the requests of this route. */
    waybill?: RouteConfig
  }
}

const NAME = 'waybill'
const DECORATOR = 'waybill'

/** What of Fastify's options says how a query begins; its types know the first place only. */
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
 * The Fastify plugin: one start event and one completion event for every request, on stdout, tied together by a
 * request id. On an app that brings its own logger, the events go through that logger.
 *
 * @example
 * const app = Fastify()
 * await app.register(waybill)
 *
 * @throws {WaybillError} at registration, for an unknown option, a wrong type or an impossible value, and when it
 * is registered twice; when anything but Fastify calls it
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
      // Absent only after a fault of waybill's own.
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
  logOutsideBy(() => app.log as RequestLogger)
  if (settings.context) runInContext(app, tracker)
}

/** Runs the rest of what handles a request within its context. */
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

/** The settings with Fastify's own option `genReqId`, which makes the ids unless waybill's `requestId.generate` does. */
function withOwnIds(settings: EventSettings, { requestId }: Options, app: FastifyInstance): EventSettings {
  const generate = requestId?.generate === undefined ? ownIdGeneratorOf(app) : undefined
  return generate === undefined
    ? settings
    : { ...settings, ids: { ...settings.ids, generate, generatedBy: 'genReqId' } }
}

function refuseConflicts(app: FastifyInstance): void {
  if (app.hasRequestDecorator(DECORATOR)) {
    const message = app.hasPlugin(NAME)
      ? 'waybill: it is registered already, here or in a parent: register it once'
      : 'waybill: the request decorator "waybill" is taken already'
    throw new WaybillError('WAYBILL_ERR_REGISTERED_TWICE', message)
  }
  const { requestIdHeader } = app.initialConfig
  if (requestIdHeader) {
    const message = `waybill: Fastify's option "requestIdHeader" must not be given, got ${showValue(requestIdHeader)}: it trusts any id; use waybill's option "requestId.header"`
    throw new WaybillError('WAYBILL_ERR_FASTIFY_OPTION', message, 'requestIdHeader')
  }
  const label = ownIdLabelOf(app)
  if (label !== undefined) {
    const message = `waybill: Fastify's option "requestIdLogLabel" must not be given, got ${showValue(label)}: the id is request_id on every line`
    throw new WaybillError('WAYBILL_ERR_FASTIFY_OPTION', message, 'requestIdLogLabel')
  }
}

/** Receives every request of an app's servers, also those that are answered before any route has them. */
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

/** The server of `ws` that `@fastify/websocket` adds to an app. */
interface HandshakeServer {
  on(event: 'headers', listener: (headers: string[], request: RawRequest) => void): unknown
}

/** Sends the id with the 101 of `@fastify/websocket`, which writes its answer past any response. */
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

/** Whether this app lets a query begin with `;`, as old ones did. */
function hasSemicolonQueries({ initialConfig }: FastifyInstance): boolean {
  const { routerOptions, useSemicolonDelimiter } = initialConfig as RouterConfig
  return routerOptions?.useSemicolonDelimiter ?? useSemicolonDelimiter ?? false
}

/** Gives an app without logging a pino logger that writes beside the events. */
function bringLogger(app: FastifyInstance, options: Options, captures: readonly Capture[]): EventLog {
  const { events, logger } = openLog(options, captures)
  if (isRoot(app)) passOn(app.log, logger)
  app.log = logger
  return events
}

/** The fallback by public hooks, for a Fastify whose log controller has moved; it can't keep Fastify's lines away. */
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
    'waybill: this Fastify keeps its log controller elsewhere, so its own request lines appear beside the events: create the app with logController: new LogController({ disableRequestLogging: true })',
  )
}
