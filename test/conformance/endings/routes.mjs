// Routes, most of them the same in both frameworks.
import { Readable } from 'node:stream'

/** For endings without a route. */
export const noRoutes = () => {}

/** Returns the Node.js object of a Fastify request or reply; Express objects are Node.js objects. */
export const nodeOf = (framed) => framed.raw ?? framed

/** A route that answers with success. */
export const answerOk = (app) => app.get('/', (_request, reply) => reply.send('ok'))

/** A route that answers with a stream of rows, as each framework documents. */
export function answerRows(open) {
  return {
    fastify: (app) => app.get('/', (_request, reply) => reply.send(open())),
    express: (app) => app.get('/', (_request, response, next) => open().on('error', next).pipe(response)),
  }
}

/** A stream of rows that does not end. */
export function endlessRows() {
  const rows = new Readable({ read: () => {} })
  rows.push('a first row')
  return rows
}

/** A route that answers after its client has left. */
export function answerLate(app, tell) {
  app.get('/', async (request, reply) => {
    const { stream, socket } = nodeOf(request)
    const gone = new Promise((resolve) => (stream ?? socket).on('close', resolve))
    tell('arrived')
    await gone
    return reply.send('too late')
  })
}
