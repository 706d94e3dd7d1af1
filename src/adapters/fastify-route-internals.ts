import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ChildLoggerOptions } from 'pino'
import type { RouteConfig } from '../policies.js'
import { findSymbol } from './fastify-internals.js'

// What the request of a route holds of it, which Fastify does not document. Seen in Fastify 5.10.0 to 5.12.8.

const DEFAULT_FACTORY = 'defaultChildLoggerFactory'
const ROUTE_CONTEXT = 'fastify.context'

interface RouteContext {
  readonly config?: { readonly url?: string; readonly waybill?: RouteConfig }
  readonly logLevel?: string
  readonly childLoggerFactory?: FastifyInstance['childLoggerFactory']
  readonly logSerializers?: ChildLoggerOptions['serializers']
}

type WithContext = FastifyRequest & { readonly [key: symbol]: RouteContext | undefined }

/** Where requests hold their routes; null where that is elsewhere. */
let routeContextKey: symbol | null | undefined

/** The route of a request. `routeOptions` makes an object of a dozen properties for each request. */
function routeContextOf(request: FastifyRequest): RouteContext {
  routeContextKey ??= findSymbol(request, ROUTE_CONTEXT) ?? null
  const context: RouteContext | undefined =
    routeContextKey === null ? undefined : (request as WithContext)[routeContextKey]
  return context?.config === undefined ? publicContextOf(request) : context
}

function publicContextOf({ routeOptions: { url, logLevel, config } }: FastifyRequest): RouteContext {
  const { waybill = {} } = config
  return { config: { waybill, ...(url !== undefined && { url }) }, logLevel }
}

/** The pattern of the route of a request. */
export function routeOf(request: FastifyRequest): string | undefined {
  return routeContextOf(request).config?.url
}

/** Whether the route of a request is quiet. */
export function isQuietRoute(request: FastifyRequest): boolean {
  return routeContextOf(request).config?.waybill?.quiet === true
}

/** What the route of a request says of the logger of its requests, if it does. */
export function loggerOptionsOf(request: FastifyRequest): ChildLoggerOptions | undefined {
  const { logLevel: level, logSerializers: serializers } = routeContextOf(request)
  if (!level && !serializers) return undefined
  return { ...(level && { level }), ...(serializers && { serializers }) }
}

/** Whether a request is one that no route was looked for: even a 404 has parameters. */
export function isUnrouted({ params }: FastifyRequest): boolean {
  return params === null
}

/** Whether a route has Fastify's own factory of loggers, which makes none on an app without logging. */
export function hasDefaultFactory(request: FastifyRequest): boolean {
  return factoryOf(request).name === DEFAULT_FACTORY
}

/** The factory of loggers of the route of a request. */
export function factoryOf(request: FastifyRequest): FastifyInstance['childLoggerFactory'] {
  return routeContextOf(request).childLoggerFactory ?? request.server.childLoggerFactory
}
