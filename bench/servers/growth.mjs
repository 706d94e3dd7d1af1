// A service that grows in one way. Its arguments: the logger, what grows, and the size.
import Fastify from 'fastify'
import waybill from 'waybill'
import { giveAccount } from './account.mjs'

const [, , logger, grown, size] = process.argv
const options = { logger: logger === 'built-in logging', routerOptions: { maxParamLength: 10_000 } }
const RESPONSE = { 200: { type: 'object', properties: { id: { type: 'string' }, name: { type: 'string' } } } }

const FIELDS = Object.fromEntries(
  Array.from({ length: grown === 'fields' ? size : 0 }, (_, at) => [
    `field_${at}`,
    at % 2 ? at : `value ${at}`,
  ]),
)
const addFields = {
  bare: () => {},
  // It can't add fields to its line, so it writes another line with them.
  'built-in logging': (request) => request.log.info({ ...FIELDS }),
  waybill: (request) => request.waybill.add({ ...FIELDS }),
}[logger]

async function answer(request) {
  if (grown === 'fields') addFields(request)
  return { id: request.params.id, name: 'Ada' }
}

const app = Fastify(options)
if (logger === 'waybill') await app.register(waybill)
const prefixes = [
  '/users',
  ...Array.from({ length: grown === 'routes' ? size - 1 : 0 }, (_, at) => `/r${at + 1}`),
]
for (const prefix of prefixes) app.get(`${prefix}/:id`, { schema: { response: RESPONSE } }, answer)
await app.listen({ port: 0, host: '127.0.0.1' })
giveAccount(app.server)
