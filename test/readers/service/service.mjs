// A service that asks itself every kind of request, and ends. Its stdout is for a reader; a word decides its format.
import { once } from 'node:events'
import Fastify from 'fastify'
import waybill from 'waybill'
import { sendTraffic } from './traffic.mjs'

/** What no reader may stumble over, wherever it stands. */
const HOSTILE =
  'quote " backslash \\ line\nbreak return\r tab\t nul\0 esc\x1b[31mred\x1b[0m del\x7f c1\x85\x9b ls\u2028 ffff\uffff' +
  ' lone\ud83d bidi\u202e emoji🚚 <3> key=1 level=error {"level":"error"} \'single\' 100% @cee: '

const app = Fastify()
await app.register(waybill, {
  include: ['query', 'client_ip', 'user_agent', 'referer', 'header:x-tenant'],
  allowQuery: ['page'],
})

app.get('/users/:id', async (request) => {
  request.log.info({ found: true, tries: 2, ratio: 0.5 }, 'looking up user')
  request.waybill.add({
    user_id: Number(request.params.id),
    cached: false,
    ratio: 0.25,
    cart: { items: [1, 2] },
  })
  return { id: request.params.id }
})
app.get('/hostile', async (request) => {
  request.log.warn({ note: HOSTILE }, HOSTILE)
  request.waybill.add({ note: HOSTILE, [HOSTILE]: 1, tail: 'ends in a backslash \\' })
  return ''
})
app.post('/orders/:id/pay', async () => {
  throw deepError(new Error('connect ECONNREFUSED 10.0.0.7:443'))
})
app.get('/unavailable', async (_request, reply) => reply.code(503).send())
app.get('/empty', async (_request, reply) => reply.code(204).send())
app.get('/moved', async (_request, reply) => reply.redirect('/users/1'))
app.get('/large', async (request) => {
  request.waybill.add({ first: '🚚'.repeat(3000), second: HOSTILE.repeat(50) })
  return 'x'.repeat(100_000)
})
app.get('/never', async (request, reply) => {
  await once(request.socket, 'close')
  return reply.hijack()
})

/** An error whose stack takes about 6,000 bytes. */
function deepError(cause) {
  const error = new Error('payment provider does not answer', { cause })
  const frame = '\n    at pay (file:///srv/shop/payments/providers/acme/client.js:42:11)'
  error.stack = `Error: ${error.message}${frame.repeat(80)}`
  return error
}

await app.listen({ port: 0, host: '127.0.0.1' })
await sendTraffic(app.server.address().port)
await app.close()
