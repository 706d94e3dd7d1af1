// Requests that are answered before any route runs.
import { Client, PRELUDE, request } from '../client.mjs'
import { ask, sendText } from './ask.mjs'
import { answerOk, noRoutes } from './routes.mjs'

const refused = (status) => ({ truth: { status, whole: true }, waybill: { outcome: 'rejected', status } })

/** @type {import('../endings.mjs').Ending[]} */
export const rejected = [
  {
    name: "a URL that can't be decoded (400)",
    serve: (app) => app.get('/:id', (_request, reply) => reply.send('ok')),
    visit: ask('/%zz'),
    ...refused(400),
  },
  {
    name: 'a parameter that is too long (414)',
    fastify: (app) => app.get('/:id', async () => 'ok'),
    visit: ask(`/${'x'.repeat(200)}`),
    ...refused(414),
  },
  {
    name: 'malformed HTTP (400)',
    serve: noRoutes,
    visit: sendText('!@#$%^&*\r\n\r\n'),
    ...refused(400),
  },
  {
    name: 'a header that is too large (431)',
    serve: noRoutes,
    visit: ask('/', 'GET', { X: 'x'.repeat(17_000) }),
    ...refused(431),
  },
  {
    name: 'no `Host` (400)',
    serve: noRoutes,
    visit: sendText('GET / HTTP/1.1\r\n\r\n'),
    ...refused(400),
  },
  {
    name: 'an unsupported `Expect` header (417)',
    serve: answerOk,
    visit: ask('/', 'GET', { Expect: 'something-else' }),
    ...refused(417),
  },
  {
    name: 'a server that is closing (503)',
    options: { forceCloseConnections: false },
    fastify: (app, tell) => {
      app.get(PRELUDE, async () => {
        tell('arrived')
        // The next request on the connection arrives while the server is closing.
        const next = new Promise((resolve) => app.server.once('request', resolve))
        app.close()
        while (app.server.listening) await new Promise(setImmediate)
        tell('closing')
        await next
        return 'ok'
      })
    },
    visit: async ({ port, news }) => {
      const client = new Client(port).send(request(PRELUDE))
      await news()
      await news()
      const [, refusal] = await client.send(request('/')).closed(['GET', 'GET'])
      return [refusal]
    },
    ...refused(503),
  },
]
