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

const EXPRESS_CONSUMER = `
import express from 'express'
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { type Middleware, type MiddlewareOptions, type RequestLog, waybill } from 'waybill/express'

const options: MiddlewareOptions = { slow: 500, include: ['query', 'header:x-tenant'] }
const requestLog: Middleware = waybill(options)
const app = express()
app.use(requestLog)
app.use('/api', waybill())
app.get('/users/:id', requestLog, (req, res) => {
  const id: string = req.id
  req.log.info({ id }, 'hello')
  req.waybill.add({ user_id: req.params.id })
  // @ts-expect-error: fields come by name
  req.waybill.add('user_id')
  // @ts-expect-error: parameters are texts
  const wrong: number = req.params.id
  res.send(id)
})
app.use(waybill.errors())
// @ts-expect-error: slow takes a number
waybill({ slow: 'fast' })
// @ts-expect-error: there is no such option
waybill({ colour: true })
// @ts-expect-error: an app is no server
requestLog.attach(app)
requestLog.attach(app.listen(0)).attach(createHttp2Server())
createServer((req, res) => {
  requestLog(req, res)
  // @ts-expect-error: Node.js knows nothing of a log
  req.log.info('hello')
  const { id, log, waybill: entry } = req as typeof req & RequestLog
  log.info(id)
  entry.fail(new Error('no'))
})
createHttp2Server((req, res) => requestLog(req, res, (error) => error))
`

test.each(['module', 'commonjs'] as const)('has types for Express, for a TypeScript %s', async (type) => {
  expect(await complaints(EXPRESS_CONSUMER, inject('expressProject'), `types-${type}`, type)).toBe('')
})

test('has types for a server without a framework, and without the types of any', async () => {
  const consumer = `
    import { createServer } from 'node:http'
    import { createLogger, waybill } from 'waybill/express'
    const requestLog = waybill({ logger: createLogger() })
    requestLog.attach(createServer((req, res) => requestLog(req, res)))
  `
  expect(await complaints(consumer, inject('project'), 'types-node')).toBe('')
})
