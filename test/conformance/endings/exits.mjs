// Processes that exit while a request is open.
import { Client, NOTHING, request } from '../client.mjs'
import { ask } from './ask.mjs'

const unfinished = { truth: NOTHING, waybill: { outcome: 'unfinished', status: undefined } }

/** A client that sends its service a SIGTERM as soon as the service has received the request. */
async function askAndTerminate({ port, news, child }) {
  const client = new Client(port).send(request('/'))
  await news()
  child.kill('SIGTERM')
  return client.answers(['GET'])
}

/** @type {import('../endings.mjs').Ending[]} */
export const exits = [
  {
    name: '`process.exit()` with the request open',
    serve: (app) =>
      app.get('/', () => {
        process.exit(1)
      }),
    visit: ask('/'),
    ...unfinished,
  },
  {
    name: 'an uncaught exception with the request open',
    serve: (app) =>
      app.get('/', () => {
        setImmediate(() => {
          throw new Error('uncaught')
        })
      }),
    visit: ask('/'),
    ...unfinished,
  },
  {
    name: 'an unhandled SIGTERM, with the request open',
    serve: (app, tell) => app.get('/', () => tell('arrived')),
    visit: askAndTerminate,
    truth: NOTHING,
  },
  {
    name: 'SIGTERM and `close()`: the open request is answered',
    serve: (app, tell, service) => {
      const signalled = new Promise((resolve) => process.once('SIGTERM', resolve))
      app.get('/', async (_request, reply) => {
        tell('arrived')
        await signalled
        service.close()
        return reply.send('ok')
      })
    },
    visit: askAndTerminate,
    truth: { status: 200, whole: true },
    waybill: { outcome: 'completed', status: 200 },
  },
]
