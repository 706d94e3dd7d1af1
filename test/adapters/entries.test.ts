import http from 'node:http'
import express from 'express'
import Fastify, { type FastifyPluginCallback } from 'fastify'
import { describe, expect, test } from 'vitest'
import { waybill as middleware } from '../../src/express.js'
import plugin from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { listenFor, serveExpress, VERSIONS } from '../support/express.js'
import { ask } from '../support/http.js'

const PLUGIN =
  "waybill: this is the Fastify plugin: in Fastify, write app.register(waybill); in Express, import waybill from 'waybill/express' and write app.use(waybill())"
const MIDDLEWARE =
  "waybill: this is the Express middleware: in Fastify, import waybill from 'waybill' and write app.register(waybill)"

const anyFunction = (value: unknown) => value as (...given: unknown[]) => unknown
const anyPlugin = (value: unknown) => value as FastifyPluginCallback

async function errorOf(create: () => unknown): Promise<unknown> {
  try {
    await create()
  } catch (error) {
    return error
  }
  return undefined
}

test('the error of calling the Fastify plugin names the entry for Express', async () => {
  expect(await errorOf(() => express().use(anyFunction(plugin)() as express.Handler))).toMatchObject({
    name: 'WaybillError',
    code: 'WAYBILL_ERR_ENTRY',
    message: PLUGIN,
  })
})

describe.each(VERSIONS)('%s', (_version, create) => {
  test('answers every request with a clear error when it uses the Fastify plugin', async () => {
    const app = create()
    app.set('env', 'test')
    app.use(anyFunction(plugin) as unknown as express.Handler)
    const seen: unknown[] = []
    const answer: express.ErrorRequestHandler = (error, _request, response, _next) => {
      seen.push(error)
      response.status(500).end()
    }
    app.use(answer)
    const port = await listenFor(http.createServer(app))
    expect((await ask(port, '/')).status).toBe(500)
    expect(seen).toEqual([expect.objectContaining({ code: 'WAYBILL_ERR_ENTRY', message: PLUGIN })])
  })

  test.each([
    ['with parentheses', middleware.errors()],
    ['without parentheses', middleware.errors],
  ])('accepts waybill.errors %s', async (_way, errors) => {
    const { log, get } = await serveExpress(create, (app) => {
      app.get('/fails', () => {
        throw new Error('no luck')
      })
      app.use(errors)
    })
    expect((await get('/fails')).status).toBe(500)
    expect((await get('/nowhere')).status).toBe(404)
    expect(await log.completions(2)).toEqual([
      expect.objectContaining({ status: 500, error: expect.objectContaining({ message: 'no luck' }) }),
      expect.objectContaining({ status: 404 }),
    ])
  })
})

test.each([
  ['the middleware', () => middleware({ destination: new Capture() })],
  ['the function that makes it', () => middleware],
])('Fastify refuses %s of Express with an error that names its own entry', async (_what, make) => {
  const app = Fastify()
  expect(await errorOf(() => app.register(anyPlugin(make())))).toMatchObject({
    name: 'WaybillError',
    code: 'WAYBILL_ERR_ENTRY',
    message: MIDDLEWARE,
  })
})

test('the error of calling the plugin in app.register says to register it uncalled', async () => {
  const app = Fastify()
  expect(await errorOf(() => app.register(anyFunction(plugin)() as FastifyPluginCallback))).toMatchObject({
    code: 'WAYBILL_ERR_ENTRY',
    message: PLUGIN,
  })
})
