// The tools compared on Express: how each is set up, as its own documentation says, and how its lines are read.
import { once } from 'node:events'
import { createServer } from 'node:http'
import express from 'express'
import { jsonLines, readMorgan, readPinoHttp, readWaybill } from './readers.mjs'

/**
 * @typedef {object} ExpressTool
 * @property {string} package The package whose version counts.
 * @property {(app: import('express').Express, server: import('node:http').Server) => Promise<void>} before Sets up what
 * stands before the routes.
 * @property {(app: import('express').Express) => Promise<void>} [after] Sets up what stands after them.
 * @property {import('./readers.mjs').Reader} read
 */

const waybill = {
  package: 'waybill',
  async before(app, server) {
    const { waybill: middleware } = await import('waybill/express')
    app.use(middleware().attach(server))
  },
  async after(app) {
    app.use((await import('waybill/express')).waybill.errors())
  },
  read: readWaybill,
}

const pinoHttp = {
  package: 'pino-http',
  before: async (app) => app.use((await import('pino-http')).default()),
  read: readPinoHttp,
}

const morgan = {
  package: 'morgan',
  before: async (app) => app.use((await import('morgan')).default('combined')),
  read: readMorgan,
}

const expressWinston = {
  package: 'express-winston',
  async before(app) {
    const { default: middlewares } = await import('express-winston')
    app.use(middlewares.logger(await toConsole()))
  },
  async after(app) {
    const { default: middlewares } = await import('express-winston')
    app.use(middlewares.errorLogger(await toConsole()))
  },
  // The line about an error has no response.
  read: jsonLines(({ meta: { req, res } = {} }) => ({
    path: req?.url,
    completion: res && { status: res.statusCode },
  })),
}

async function toConsole() {
  const { default: winston } = await import('winston')
  return { transports: [new winston.transports.Console()], format: winston.format.json() }
}

/** @type {Readonly<Record<string, ExpressTool>>} */
export const tools = { waybill, 'pino-http': pinoHttp, morgan, 'express-winston': expressWinston }

/** Short, so that server timeouts fire soon. */
const CHECK_MS = 20

/**
 * Creates an app with a tool and an ending's routes, ready to listen.
 * @returns {Promise<import('./sides.mjs').Startable>}
 */
export async function start(tool, { serve, express: serveHere = serve }, tell) {
  const app = express()
  const server = createServer({ connectionsCheckingInterval: CHECK_MS }, app)
  const service = {
    server,
    listen: (where) => once(server.listen(where), 'listening'),
    close: () => new Promise((resolve) => server.close(resolve)),
  }
  await tool.before(app, server)
  await serveHere(app, tell, service)
  await tool.after?.(app)
  return service
}
