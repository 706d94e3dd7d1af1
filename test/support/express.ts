import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import express4 from 'express4'
import { onTestFinished } from 'vitest'
import { type MiddlewareOptions, waybill } from '../../src/express.js'
import { Capture } from './capture.js'
import { type Answer, ask } from './http.js'

/** The versions of Express whose routing is followed, each in its own way. */
export const VERSIONS: [string, typeof express][] = [
  ['Express 5', express],
  ['Express 4', express4],
]

/** Starts a server for the time of a test. */
export async function listenFor(server: http.Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** An app whose first middleware is waybill, and what it logs. */
export async function serveExpress(
  create: typeof express,
  declare: (app: Express) => void,
  options: MiddlewareOptions = {},
): Promise<{ log: Capture; get: (path: string, headers?: Record<string, string>) => Promise<Answer> }> {
  const log = new Capture()
  const app = create()
  // Keeps Express from printing errors.
  app.set('env', 'test')
  app.use(waybill({ destination: log, ...options }))
  declare(app)
  const port = await listenFor(http.createServer(app))
  return { log, get: (path, headers = {}) => ask(port, path, { headers }) }
}
