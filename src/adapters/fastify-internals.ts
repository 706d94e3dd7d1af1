import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { showValue, warnOnce } from '../errors.js'
import type { RawRequest } from '../options.js'
import { pathOf } from '../request/url.js'
import { safely } from '../safely.js'

// Undocumented internals of Fastify, as seen in Fastify 5.10.0 to 5.12.8.

/** Observes requests through Fastify's `LogController`; the class is public, its place in an instance is not. */
export interface RequestObserver {
  /**
   * Called before any hook, also for routes and hooks that were declared before the plugin.
   * @param quiet whether the app disables logging for the request
   */
  arrived(request: FastifyRequest, reply: FastifyReply, quiet: boolean): void
  /** Called with errors that no `onError` hook sees: those of error handlers, streams and error serializers. */
  failed(error: unknown, request: FastifyRequest): void
  /** Called when a stream fails after the headers were sent. */
  broke(error: unknown, request: FastifyRequest): void
  /** Called when an `onResponse` hook fails, which the client does not notice. */
  failedLate(error: unknown, request: FastifyRequest): void
}

const LOG_CONTROLLER = 'fastify.logController'
const DEFAULT_ID_LABEL = 'reqId'
const SERVER_BINDINGS = 'fastify.serverBindings'
const OPTIONS = 'fastify.options'

/**
 * Replaces Fastify's request lines with an observer, for the routes of this instance and its children; lines of
 * `request.log` then carry the id as `request_id`.
 * @returns false, without a change, if this Fastify keeps its log controller elsewhere
 */
export function replaceRequestLines(app: FastifyInstance, observer: RequestObserver): boolean {
  const key = findSymbol(app, LOG_CONTROLLER)
  const original = logControllerOf(app)
  if (key === undefined || original === undefined) return false
  const silent = silentController(observer, quietRuleOf(original))
  // Set on this instance only, because a controller may be shared with other instances.
  return Reflect.set(app, key, Object.assign(Object.create(original), silent))
}

/** The options of Fastify's log controller, or of one that extends it. */
interface FastifyLogController {
  readonly disableRequestLogging?: unknown
  readonly requestIdLogLabel?: unknown
  readonly isLogDisabled?: (request: FastifyRequest) => unknown
}

function logControllerOf(app: FastifyInstance): FastifyLogController | undefined {
  const controller = readSymbol(app, LOG_CONTROLLER)
  return typeof controller === 'object' && controller !== null ? controller : undefined
}

/** Returns the app's option `requestIdLogLabel`, if it is not Fastify's default. */
export function ownIdLabelOf(app: FastifyInstance): unknown {
  const { requestIdLogLabel: label } = logControllerOf(app) ?? {}
  return label === DEFAULT_ID_LABEL ? undefined : label
}

/**
 * Returns how the app decides whether to log a request: a function `disableRequestLogging` or its own `isLogDisabled`. With
 * `disableRequestLogging: true` it disables only Fastify's lines.
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

/** Returns the prototype of Fastify's own log controller class, which all others extend. */
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

/** Whether an instance is the root of its app, which has all routes of the server. */
export function isRoot(app: FastifyInstance): boolean {
  return Object.hasOwn(app, 'server')
}

/** Returns the further servers of an app that listens on several addresses of `localhost`; known once it listens. */
export function furtherServers(app: FastifyInstance): FastifyInstance['server'][] {
  const servers = readSymbol(app, SERVER_BINDINGS)
  return Array.isArray(servers) ? servers : []
}

interface AppOptions {
  frameworkErrors?: AnswerFrameworkError
  readonly genReqId?: unknown
}

function optionsOf(app: FastifyInstance): AppOptions | undefined {
  const options = readSymbol(app, OPTIONS)
  return typeof options === 'object' && options !== null ? options : undefined
}

/** Returns the app's `genReqId`: the option, or what the app has set since. */
export function ownIdGeneratorOf(app: FastifyInstance): ((raw: RawRequest) => string) | undefined {
  if (!optionsOf(app)?.genReqId) return undefined
  // Fastify's types lack the getter.
  const genReqId: unknown = Reflect.get(app, 'genReqId')
  if (typeof genReqId !== 'function') return undefined
  return (raw) => {
    const made: unknown = genReqId.call(app, raw)
    return (typeof made === 'number' ? String(made) : made) as string
  }
}

/** An error that Fastify answers before any route, as the option `frameworkErrors` gets it. */
interface FrameworkError extends Error {
  readonly code: string
  readonly statusCode: number
}

type AnswerFrameworkError = (error: FrameworkError, request: FastifyRequest, reply: FastifyReply) => unknown

/**
 * Notes the errors that Fastify answers before any route: a bad URL, a parameter that is too long, a failed async
 * constraint; also those of injected requests. The answers stay Fastify's, or the app's own.
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

/** Returns the error with only the path of the target that its message quotes, to log no query and no password. */
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

function readSymbol(instance: object, description: string): unknown {
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
