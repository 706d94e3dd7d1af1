// The tools compared on Fastify: how each is set up, as its own documentation says, and how its lines are read.
import Fastify, { LogController } from 'fastify'
import { jsonLines, readMorgan, readPinoHttp, readWaybill } from './readers.mjs'

/**
 * @typedef {object} FastifyTool
 * @property {string} package The package whose version counts.
 * @property {(options: object) => Promise<import('fastify').FastifyInstance>} start
 * @property {import('./readers.mjs').Reader} read
 */

const waybill = {
  package: 'waybill',
  start: async (options) => Fastify(options).register((await import('waybill')).default),
  read: readWaybill,
}

// At `trace`, the level at which Fastify logs malformed HTTP.
const logger = { level: 'trace' }

const fastify = {
  package: 'fastify',
  start: async (options) => Fastify({ logger, ...options }),
  read: jsonLines(readFastify),
}

function readFastify({ reqId: id, req, res, msg }) {
  return { id, path: req?.url, completion: fastifyCompletion(msg, res?.statusCode) }
}

function fastifyCompletion(msg, status) {
  if (msg === 'request completed') return { status }
  if (msg === 'request errored') return { status, failed: true }
  if (msg === 'stream closed prematurely') return { status, aborted: true }
  if (msg === 'response terminated with an error with headers already sent') return { aborted: true }
  if (/^client (error|timeout|header_overflow)$/.test(msg)) return { failed: true }
  if (/^request aborted - refusing to accept new requests/.test(msg)) return { status, failed: true }
  return undefined
}

/**
 * Calls a `(request, response, next)` logger with every request of the server, as its README does with `http.createServer`.
 * In an `onRequest` hook, as with @fastify/middie, it would miss what Fastify answers before its hooks.
 */
function listening(options, log) {
  const app = Fastify(options)
  app.server.prependListener('request', (request, response) => log(request, response, () => {}))
  return app
}

const pinoHttp = {
  package: 'pino-http',
  start: async (options) => listening(options, (await import('pino-http')).default()),
  read: readPinoHttp,
}

const morgan = {
  package: 'morgan',
  start: async (options) => listening(options, (await import('morgan')).default('combined')),
  read: readMorgan,
}

const mgcrea = {
  package: '@mgcrea/fastify-request-logger',
  async start(options) {
    const { default: requestLogger } = await import('@mgcrea/fastify-request-logger')
    const logController = new LogController({ disableRequestLogging: true })
    return Fastify({ logger, logController, ...options }).register(requestLogger)
  },
  read: jsonLines((fields) => {
    const { reqId: id, msg } = fields
    const match = /^[<>←→]+\w+:(?<path>\S+) (?:request from|response with a (?<status>\d+)-status)/.exec(msg)
    if (match === null) return readFastify(fields)
    const { path, status } = match.groups
    return { id, path, completion: status === undefined ? undefined : { status: Number(status) } }
  }),
}

const evlog = {
  package: 'evlog',
  async start(options) {
    const { initLogger } = await import('evlog')
    const { evlog: plugin } = await import('evlog/fastify')
    initLogger({ env: { service: 'conformance' } })
    return Fastify(options).register(plugin)
  },
  read: jsonLines(({ requestId: id, path, status, error }) =>
    path === undefined ? undefined : { id, path, completion: { status, failed: error !== undefined } },
  ),
}

/** @type {Readonly<Record<string, FastifyTool>>} */
export const tools = {
  waybill,
  "Fastify's own": fastify,
  'pino-http': pinoHttp,
  morgan,
  '@mgcrea/fastify-request-logger': mgcrea,
  evlog,
}

/**
 * Creates an app with a tool and an ending's routes, ready to listen.
 * @returns {Promise<import('./sides.mjs').Startable>}
 */
export async function start(tool, { options = {}, serve, fastify = serve }, tell) {
  const app = await tool.start(options)
  await fastify(app, tell, app)
  return app
}
