import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { showValue, warnOnce } from '../errors.js'
import type { RawRequest } from '../options.js'
import { pathOf } from '../request/url.js'
import { safely } from '../safely.js'

// The one file that touches what Fastify does not document. Seen in Fastify 5.10.0 to 5.12.8.

/** What Fastify tells a `LogController` of a request; the class is public, its place in an instance is not. */
export interface RequestObserver {
  /**
   * Called before any hook, also for routes and hooks that were declared before the plugin.
   * @param quiet whether the app says that the request is not to be logged
   */
  arrived(request: FastifyRequest, reply: FastifyReply, quiet: boolean): void
  /** Called with errors that no `onError` hook sees: of error handlers, of streams, of serializers of errors. */
  failed(error: unknown, request: FastifyRequest): void
  /** Called when a stream broke after the headers were sent. */
  broke(error: unknown, request: FastifyRequest): void
  /** Called when an `onResponse` hook failed, which changes nothing for the client. */
  failedLate(error: unknown, request: FastifyRequest): void
}

const LOG_CONTROLLER = 'fastify.logController'
const DEFAULT_ID_LABEL = 'reqId'
const SERVER_BINDINGS = 'fastify.serverBindings'
const OPTIONS = 'fastify.options'

/**
 * Puts an observer where Fastify has its own request lines written, for the routes of this instance and its
 * children: those lines then never appear, and lines of `request.log` carry the id as `request_id`.
 * @returns false when this Fastify keeps its log controller elsewhere; nothing has changed then
 */
export function replaceRequestLines(app: FastifyInstance, observer: RequestObserver): boolean {
  const key = findSymbol(app, LOG_CONTROLLER)
  const original = logControllerOf(app)
  if (key === undefined || original === undefined) return false
  const silent = silentController(observer, quietRuleOf(original))
  // A property of this instance alone: a controller may be shared with other instances.
  return Reflect.set(app, key, Object.assign(Object.create(original), silent))
}

/** What a log controller of Fastify's, or of a class that extends it, says of its options. */
interface FastifyLogController {
  readonly disableRequestLogging?: unknown
  readonly requestIdLogLabel?: unknown
  readonly isLogDisabled?: (request: FastifyRequest) => unknown
}

function logControllerOf(app: FastifyInstance): FastifyLogController | undefined {
  const controller = heldUnder(app, LOG_CONTROLLER)
  return typeof controller === 'object' && controller !== null ? controller : undefined
}

/** The name under which an app has the ids of requests on its lines, if it is not Fastify's default. */
export function ownIdLabelOf(app: FastifyInstance): unknown {
  const { requestIdLogLabel: label } = logControllerOf(app) ?? {}
  return label === DEFAULT_ID_LABEL ? undefined : label
}

/**
 * How an app says of each request whether it is logged: by a function `disableRequestLogging` or a method of its own.
 * `disableRequestLogging: true` says of Fastify's lines alone that they are not written.
 */
function quietRuleOf(controller: FastifyLogController): ((request: FastifyRequest) => boolean) | undefined {
  const { isLogDisabled, disableRequestLogging } = controller
  const isOwn = isLogDisabled !== baseOf(controller).isLogDisabled
  if (isLogDisabled === undefined || !(isOwn || typeof disableRequestLogging === 'function')) return undefined
  return (request) => {
    try {
      return Boolean(isLogDisabled.call(controller, request))
    } catch (error) {
      const message = `waybill: isLogDisabled must return a boolean, it threw ${showValue(error)}; the request was logged`
      warnOnce('WAYBILL_WARN_OPTION_RESULT', 'isLogDisabled', message)
      return false
    }
  }
}

/** Fastify's own class of log controllers, as the prototype that all others extend. */
function baseOf(controller: FastifyLogController): FastifyLogController {
  let base: FastifyLogController = controller
  for (let next = Object.getPrototypeOf(base); next !== null && next !== Object.prototype; ) {
    base = next
    next = Object.getPrototypeOf(base)
  }
  return base
}

function silentController(
  observer: RequestObserver,
  isQuiet: (request: FastifyRequest) => boolean = () => false,
): Record<string, unknown> {
  const failed = (error: unknown, request: FastifyRequest): void => {
    safely(() => observer.failed(error, request))
  }
  return {
    disableRequestLogging: true,
    isDisableRequestLoggingFunction: false,
    requestIdLogLabel: 'request_id',
    isLogDisabled: () => true,
    incomingRequest: (request: FastifyRequest, reply: FastifyReply) => {
      safely(() => observer.arrived(request, reply, isQuiet(request)))
    },
    requestCompleted: (error: unknown, request: FastifyRequest) => {
      if (error) safely(() => observer.failedLate(error, request))
    },
    routeNotFound: () => {},
    serviceUnavailable: () => {},
    defaultErrorLog: failed,
    writeHeadError: failed,
    serializerError: failed,
    streamError: (error: unknown, request: FastifyRequest) => {
      safely(() => observer.broke(error, request))
    },
  }
}

/** Whether an instance is the root of its app, whose routes are all that the server has. */
export function isRoot(app: FastifyInstance): boolean {
  return Object.hasOwn(app, 'server')
}

/** The further servers of an app that listens on several addresses of `localhost`; known once it listens. */
export function furtherServers(app: FastifyInstance): FastifyInstance['server'][] {
  const servers = heldUnder(app, SERVER_BINDINGS)
  return Array.isArray(servers) ? servers : []
}

interface AppOptions {
  frameworkErrors?: AnswerFrameworkError
  readonly genReqId?: unknown
}

function optionsOf(app: FastifyInstance): AppOptions | undefined {
  const options = heldUnder(app, OPTIONS)
  return typeof options === 'object' && options !== null ? options : undefined
}

/** The option `genReqId` of an app, or what the app has put in its place since. */
export function ownIdGeneratorOf(app: FastifyInstance): ((raw: RawRequest) => string) | undefined {
  if (!optionsOf(app)?.genReqId) return undefined
  // Its types lack the getter.
  const genReqId: unknown = Reflect.get(app, 'genReqId')
  if (typeof genReqId !== 'function') return undefined
  return (raw) => {
    const made: unknown = genReqId.call(app, raw)
    return (typeof made === 'number' ? String(made) : made) as string
  }
}

/** An error that Fastify answers before any route, as it hands it to the option `frameworkErrors`. */
interface FrameworkError extends Error {
  readonly code: string
  readonly statusCode: number
}

type AnswerFrameworkError = (error: FrameworkError, request: FastifyRequest, reply: FastifyReply) => unknown

/**
 * Notes the errors that Fastify answers before any route: a bad URL, a parameter that is too long, an async constraint
 * that failed. It covers injected requests too, which no server has had. The answers stay Fastify's, or the app's own.
 */
export function noteFrameworkErrors(app: FastifyInstance, observer: Pick<RequestObserver, 'failed'>): void {
  const own = optionsOf(app)
  if (own === undefined) return
  const answer = own.frameworkErrors || answerAsFastify
  own.frameworkErrors = function (this: unknown, error, request, reply) {
    safely(() => observer.failed(withPathOnly(error), request))
    return answer.call(this, error, request, reply)
  }
}

/** The error with the path in place of the target that its message quotes: no query and no password is logged unasked. */
function withPathOnly(error: FrameworkError): FrameworkError {
  const message = error.message.replace(/'(.*)'/s, (_quoted, target: string) => `'${pathOf(target, true)}'`)
  if (message === error.message) return error
  const stack = error.stack?.replace(error.message, () => message)
  return Object.create(error, { message: { value: message }, stack: { value: stack } })
}

function answerAsFastify(
  { code, message, statusCode }: FrameworkError,
  _request: FastifyRequest,
  { raw }: FastifyReply,
): void {
  const body =
    statusCode >= 500
      ? { error: 'Internal Server Error', message, statusCode }
      : { error: 'Bad Request', code, message, statusCode }
  const text = JSON.stringify(body)
  raw.writeHead(statusCode, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
  raw.end(text)
}

function heldUnder(instance: object, description: string): unknown {
  const key = findSymbol(instance, description)
  return key === undefined ? undefined : Reflect.get(instance, key)
}

/** The symbol with a description that an object has, or its prototypes. */
export function findSymbol(instance: object, description: string): symbol | undefined {
  for (let each: object | null = instance; each !== null; each = Object.getPrototypeOf(each)) {
    const found = Object.getOwnPropertySymbols(each).find((symbol) => symbol.description === description)
    if (found !== undefined) return found
  }
  return undefined
}
