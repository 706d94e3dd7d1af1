// Answers that the server breaks off.
import { Readable } from 'node:stream'
import { NOTHING } from '../client.mjs'
import { ask } from './ask.mjs'
import { answerRows, nodeOf } from './routes.mjs'

/** A stream that fails after some rows, or none. */
function failingRows(...rows) {
  return Readable.from(
    (async function* () {
      yield* rows
      await new Promise(setImmediate)
      throw new Error('the database went away')
    })(),
  )
}

/** @type {import('../endings.mjs').Ending[]} */
export const broken = [
  {
    name: 'a stream fails before its first byte (500)',
    ...answerRows(() => failingRows()),
    visit: ask('/'),
    truth: { status: 500, whole: true },
    waybill: { outcome: 'completed', status: 500 },
  },
  {
    name: 'a stream fails half-way',
    ...answerRows(() => failingRows('a first row')),
    visit: ask('/'),
    truth: { status: 200, whole: false },
    waybill: { outcome: 'destroyed', status: 200 },
  },
  {
    name: 'the response is destroyed before the answer',
    serve: (app) =>
      app.get('/', (_request, reply) => {
        nodeOf(reply).destroy()
      }),
    visit: ask('/'),
    truth: NOTHING,
    waybill: { outcome: 'destroyed' },
  },
  {
    name: 'a server that closes breaks off the request',
    options: { forceCloseConnections: true },
    fastify: (app) =>
      app.get('/', () => {
        app.close()
      }),
    express: (app, _tell, { server }) =>
      app.get('/', () => {
        server.close()
        server.closeAllConnections()
      }),
    visit: ask('/'),
    truth: NOTHING,
    waybill: { outcome: 'unfinished' },
  },
  {
    name: 'the response is destroyed during the answer',
    fastify: (app) =>
      app.get('/', (_request, reply) => {
        reply.hijack()
        destroyHalfway(reply.raw)
      }),
    express: (app) => app.get('/', (_request, response) => destroyHalfway(response)),
    visit: ask('/'),
    truth: { status: 200, whole: false },
    waybill: { outcome: 'destroyed', status: 200 },
  },
]

function destroyHalfway(response) {
  response.writeHead(200)
  response.write('a first row', () => response.destroy())
}
