import http from 'node:http'
import express from 'express'
import { expect, onTestFinished, test } from 'vitest'
import winston from 'winston'
import { type Middleware, type ParentLogger, waybill } from '../../src/express.js'
import { listenFor } from '../support/express.js'
import { ask } from '../support/http.js'

const log = (): Middleware => waybill({ destination: { write: () => {} } })

/** The warnings about the order of an app that is asked twice. */
async function warningsOf(declare: (app: express.Express) => void): Promise<string[]> {
  const warnings: string[] = []
  const onWarning = (warning: Error & { code?: string }): void => {
    if (warning.code === 'WAYBILL_WARN_ORDER') warnings.push(warning.message)
  }
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  const app = express()
  app.set('env', 'test')
  declare(app)
  const port = await listenFor(http.createServer(app))
  await ask(port, '/unknown')
  await ask(port, '/unknown')
  return warnings
}

test('does not warn about a correct order, nor about routes before the middleware', async () => {
  const warnings = await warningsOf((app) => {
    app.get('/health', (_request, response) => void response.end())
    app.use(log())
    app.use('/v1', express.Router())
    app.use(waybill.errors())
  })
  expect(warnings).toEqual([])
})

test('warns once about a middleware after all routes', async () => {
  const warnings = await warningsOf((app) => {
    app.get('/', (_request, response) => void response.end())
    app.use(log())
  })
  expect(warnings).toEqual([expect.stringContaining('app.use(waybill()) comes after all routes')])
})

test('warns once about errors() before all routes', async () => {
  const warnings = await warningsOf((app) => {
    app.use(log())
    app.use(waybill.errors())
    app.use('/v1', express.Router())
  })
  expect(warnings).toEqual([expect.stringContaining('app.use(waybill.errors()) comes before all routes')])
})

test('refuses a winston logger, naming the method it lacks', () => {
  const levels = { fatal: 0, error: 1, warn: 2, info: 3, debug: 4, trace: 5 }
  const logger = winston.createLogger({ levels, silent: true }) as unknown as ParentLogger
  expect(() => waybill({ logger })).toThrow(
    'waybill: option "logger" must be a pino logger, got one without bindings',
  )
})
