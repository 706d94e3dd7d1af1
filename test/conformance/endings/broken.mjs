// Answers that the server breaks off.
import { Readable } from 'node:stream'
import { NOTHING } from '../client.mjs'
import { ask } from './ask.mjs'

/** A source of rows that fails, after some rows or none. */
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
    serve: (app) => app.get('/', (_request, reply) => reply.send(failingRows())),
    visit: ask('/'),
    truth: { status: 500, whole: true },
    waybill: { outcome: 'completed', status: 500 },
  },
  {
    name: 'a stream fails half-way',
    serve: (app) => app.get('/', (_request, reply) => reply.send(failingRows('a first row'))),
    visit: ask('/'),
    truth: { status: 200, whole: false },
    waybill: { outcome: 'destroyed', status: 200 },
  },
  {
    name: '`reply.raw.destroy()` before the answer',
    serve: (app) =>
      app.get('/', (_request, reply) => {
        reply.raw.destroy()
      }),
    visit: ask('/'),
    truth: NOTHING,
    waybill: { outcome: 'destroyed' },
  },
  {
    name: '`app.close()` with `forceCloseConnections`',
    options: { forceCloseConnections: true },
    serve: (app) =>
      app.get('/', () => {
        app.close()
      }),
    visit: ask('/'),
    truth: NOTHING,
    waybill: { outcome: 'unfinished' },
  },
  {
    name: '`reply.raw.destroy()` during the answer',
    serve: (app) =>
      app.get('/', (_request, reply) => {
        reply.hijack()
        reply.raw.writeHead(200)
        reply.raw.write('a first row', () => reply.raw.destroy())
      }),
    visit: ask('/'),
    truth: { status: 200, whole: false },
    waybill: { outcome: 'destroyed', status: 200 },
  },
]
