import { expect, inject, test } from 'vitest'
import { complaints } from './typescript.js'

const CONSUMER = `
import Fastify from 'fastify'
import waybill, { createLogger, type Options, WaybillError } from 'waybill'

const options: Options = { slow: 500, include: ['query', 'header:x-tenant'] }
const app = Fastify()
app.register(waybill)
app.register(waybill, options)
// @ts-expect-error: slow takes a number
app.register(waybill, { slow: 'fast' })
// @ts-expect-error: there is no such option
app.register(waybill, { colour: true })
app.get('/', async (request) => {
  request.waybill.add({ user_id: 42 })
  // @ts-expect-error: fields come by name
  request.waybill.add('user_id')
})
app.setErrorHandler((error) => {
  if (error instanceof WaybillError) createLogger({ level: 'debug' }).error(error.code)
})
`

test.each(['module', 'commonjs'] as const)('has types for a TypeScript %s', async (type) => {
  expect(await complaints(CONSUMER, inject('project'), `types-${type}`, type)).toBe('')
})
