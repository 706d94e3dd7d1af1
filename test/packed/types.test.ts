import { describe, expect, inject, test } from 'vitest'
import { BUNDLER, complaints, EVERYWHERE, RELEASES } from './typescript.js'

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

test('has types for a server without a framework, and without the types of any', async () => {
  const consumer = `
    import { createServer } from 'node:http'
    import { createLogger, waybill } from 'waybill/express'
    const requestLog = waybill({ logger: createLogger() })
    requestLog.attach(createServer((req, res) => requestLog(req, res)))
  `
  expect(await complaints(consumer, inject('project'), 'types-node')).toBe('')
})

const HTTP_CONSUMER = `
import { createServer } from 'node:http'
import waybill, { createLogger, type MiddlewareOptions } from 'waybill/http'

const options: MiddlewareOptions = { logger: createLogger(), slow: 500 }
const listener = waybill((req, res) => {
  const id: string = req.id
  req.log.info({ id }, 'hello')
  req.waybill.add({ user_id: 42 })
  // @ts-expect-error: fields come by name
  req.waybill.add('user_id')
  res.end('hello')
}, options)
listener.attach(createServer(listener))
`

const ASSIGNED = `
import Fastify = require('fastify')
import waybill = require('waybill')
import waybillExpress = require('waybill/express')
import waybillHttp = require('waybill/http')
import type { Middleware } from 'waybill/express'

const app = Fastify()
app.register(waybill, { slow: 500 })
app.register(waybill.default)
app.register(waybill.waybill)
waybill.createLogger().info('hello')
const middleware: Middleware = waybillExpress({ slow: 500 })
middleware.attach(app.server)
waybillHttp((req, res) => res.end(req.id)).attach(app.server)
`

const CONSUMERS = [
  ['Fastify', 'project', CONSUMER],
  ['Express alone', 'expressProject', EXPRESS_CONSUMER],
  ['a server without a framework', 'bareProject', HTTP_CONSUMER],
] as const

// The lowest and the newest release are tried with all; those between, with all in npm run test:everywhere.
describe.each(RELEASES)('TypeScript %s', (release) => {
  const isBetween = release !== RELEASES[0] && release !== RELEASES.at(-1)

  describe.each(CONSUMERS)('has types for %s', (name, project, source) => {
    test.skipIf(isBetween && name !== 'Fastify' && !EVERYWHERE)(
      'for ES modules and CommonJS of Node.js',
      async () => {
        const sources: Record<string, string> = { 'consumer.mts': source, 'consumer.cts': source }
        if (name === 'Fastify' && release !== '5.8') sources['assigned.cts'] = ASSIGNED
        expect(await complaints(sources, inject(project), `types-${release}-node`, { release })).toBe('')
      },
    )

    test.skipIf(isBetween && !EVERYWHERE)('for bundlers', async () => {
      const compiling = { release, options: BUNDLER }
      expect(await complaints(source, inject(project), `types-${release}-bundler`, compiling)).toBe('')
    })
  })
})

test('TypeScript 5.8 has the namespace for import = require(), not the function', async () => {
  const compiling = { release: '5.8', type: 'commonjs' } as const
  const source = `
    import waybill = require('waybill/http')
    waybill.waybill((req, res) => res.end(req.id))
    // @ts-expect-error: This expression is not callable
    waybill((req, res) => res.end(req.id))
  `
  expect(await complaints(source, inject('bareProject'), 'types-called', compiling)).toBe('')
})

test.each(['node16', 'node18'])(
  'TypeScript refuses CommonJS under module: %s, and takes ES modules',
  async (module) => {
    const options = { module }
    const source = "import { createLogger } from 'waybill/http'; createLogger().info('hello')"
    const check = (type: 'module' | 'commonjs') =>
      complaints(source, inject('bareProject'), `types-${module}-${type}`, { type, options })
    expect(await check('module')).toBe('')
    expect(await check('commonjs')).toContain('TS1479')
  },
)
