// Routes that read the same in either framework, and a few that don't.
import { Readable } from 'node:stream'

/** For endings that no route has a part in. */
export const noRoutes = () => {}

/** The object of Node.js that a request or a reply of Fastify stands for; those of Express are that object. */
export const nodeOf = (framed) => framed.raw ?? framed

/** A route that answers well. */
export const answerOk = (app) => app.get('/', (_request, reply) => reply.send('ok'))

/** A route that answers with a stream of rows, as each framework documents it. */
export function answerRows(open) {
  return {
    fastify: (app) => app.get('/', (_request, reply) => reply.send(open())),
    express: (app) => app.get('/', (_request, response, next) => open().on('error', next).pipe(response)),
  }
}

/** Rows that begin and do not end. */
export function endlessRows() {
  const rows = new Readable({ read: () => {} })
  rows.push('a first row')
  return rows
}

/** A route that answers when its client has gone. */
export function answerLate(app, tell) {
  app.get('/', async (request, reply) => {
    const { stream, socket } = nodeOf(request)
    const gone = new Promise((resolve) => (stream ?? socket).on('close', resolve))
    tell('arrived')
    await gone
    return reply.send('too late')
  })
}
