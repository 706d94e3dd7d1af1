import Fastify, { type FastifyInstance } from 'fastify'
import waybill, { type Options } from '../../src/index.js'
import { Capture } from './capture.js'

/** A bare app with waybill, and what it logs. */
export async function startApp(options: Options = {}): Promise<{ app: FastifyInstance; log: Capture }> {
  const log = new Capture()
  const app = Fastify()
  await app.register(waybill, { destination: log, ...options })
  return { app, log }
}
