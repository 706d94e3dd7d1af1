// The compared services: the same except for their request log, each set up as its own documentation says.
import Fastify, { LogController } from 'fastify'
import { addFloor } from './floor.mjs'

const OFF = new LogController({ disableRequestLogging: true })
const RESPONSE = { 200: { type: 'object', properties: { id: { type: 'string' }, name: { type: 'string' } } } }

const FORMATS = ['json', 'pretty', 'logfmt', 'ecs', 'gcp', 'datadog', 'otel', 'combined']

/** Creates an app with waybill. */
async function withWaybill(options = {}, app = Fastify()) {
  return app.register((await import('waybill')).default, options)
}

/** Creates an app that does something at the arrival of each request. */
async function withHook(act, options) {
  const app = await withWaybill(options)
  return app.addHook('onRequest', (request, _reply, done) => {
    act(request)
    done()
  })
}

/** Creates an app whose requests each log a line at debug. */
function withDebugLine(options) {
  return withHook((request) => request.log.debug('details'), options)
}

/** Creates an app whose server calls a `(request, response, next)` logger first, as `http.createServer` would. */
function withListener(log) {
  const app = Fastify()
  app.server.prependListener('request', (request, response) => log(request, response, () => {}))
  return app
}

const onFastify = {
  bare: () => Fastify(),
  'built-in logging': () => Fastify({ logger: true }),
  // Writes lines in blocks, the last of which is lost when the process is killed.
  'built-in logging, asynchronous': async () =>
    Fastify({ logger: { stream: (await import('pino')).destination({ sync: false, minLength: 4096 }) } }),
  'pino-http': async () => withListener((await import('pino-http')).default()),
  morgan: async () => withListener((await import('morgan')).default('combined')),
  '@mgcrea/fastify-request-logger': async () =>
    Fastify({ logger: true, logController: OFF }).register(
      (await import('@mgcrea/fastify-request-logger')).default,
    ),
  async evlog() {
    const { initLogger } = await import('evlog')
    initLogger({ env: { service: 'bench' } })
    return Fastify().register((await import('evlog/fastify')).evlog)
  },
  'the floor': () => addFloor(Fastify()),
  waybill: () => withWaybill(),
  'waybill, context: false': () => withWaybill({ context: false }),
  // Tracks every request to its end and writes nothing.
  'waybill, tracking alone': () => withWaybill({ level: 'silent', context: false }),
  'waybill, with an incoming id': () => withWaybill(),
  "waybill, the app's own logger": () => withWaybill({}, Fastify({ logger: true })),
  'waybill, completion only': () => withWaybill({ startLevel: false }),
  'waybill, quiet elsewhere': () => withWaybill({ quiet: ['/healthz', '/assets/*'] }),
  'waybill, all quiet': () => withWaybill({ quiet: ['/users/*'] }),
  'waybill, sample 0.1': () => withWaybill({ sample: 0.1 }),
  'waybill, runningAfter': () => withWaybill({ runningAfter: 10_000 }),
  'waybill, bind()': () => withHook((request) => request.waybill.bind({ user_id: 42 })),
  'waybill, fields': () => withWaybill({ fields: () => ({ user_id: 42 }) }),
  'waybill, include': () =>
    withWaybill({ include: ['response:content-type', 'request_bytes', 'first_byte_ms'] }),
  'waybill, completionLevel': () => withWaybill({ completionLevel: ({ level }) => level }),
  'waybill, levelFor': () =>
    withWaybill({ levelFor: ({ headers }) => (headers['x-debug'] === 'yes' ? 'debug' : undefined) }),
  'waybill, failedBody': () => withWaybill({ failedBody: { keys: ['sku'] } }),
  'waybill, a debug line not written': () => withDebugLine(),
  'waybill, a debug line held': () => withDebugLine({ hold: 'debug' }),
  'waybill, a debug line written': () => withDebugLine({ level: 'debug' }),
  ...Object.fromEntries(FORMATS.map((format) => [`waybill, ${format}`, () => withWaybill({ format })])),
}

/** Creates an Express app whose routes stand between what a logger adds before and after them. */
async function withExpress(before, after) {
  const { default: express } = await import('express')
  const app = express()
  if (before !== undefined) app.use(await before())
  app.get('/users/:id', (request, response) => response.json({ id: request.params.id, name: 'Ada' }))
  if (after !== undefined) app.use(await after())
  return app
}

const forExpress = async (options) => (await import('waybill/express')).waybill(options)

const onExpress = {
  bare: () => withExpress(),
  'pino-http': () => withExpress(async () => (await import('pino-http')).default()),
  morgan: () => withExpress(async () => (await import('morgan')).default('combined')),
  'express-winston': () =>
    withExpress(async () => {
      const [{ default: winston }, { default: expressWinston }] = await Promise.all([
        import('winston'),
        import('express-winston'),
      ])
      return expressWinston.logger({ transports: [new winston.transports.Console()] })
    }),
  waybill: () => withExpress(() => forExpress()),
  'waybill, context: false': () => withExpress(() => forExpress({ context: false })),
  'waybill, tracking alone': () => withExpress(() => forExpress({ level: 'silent', context: false })),
}

/** The names of the variants on each framework. */
export const names = { fastify: Object.keys(onFastify), express: Object.keys(onExpress) }

/** Starts a variant; returns its listening server. */
export async function start(framework, name) {
  if (framework === 'express') {
    const app = await onExpress[name]()
    return new Promise((resolve) => {
      const server = app.listen(0, '127.0.0.1', () => resolve(server))
    })
  }
  const app = await onFastify[name]()
  app.get('/users/:id', { schema: { response: RESPONSE } }, async (request) => ({
    id: request.params.id,
    name: 'Ada',
  }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}
