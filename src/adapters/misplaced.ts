import { WaybillError } from '../errors.js'

/** Whether a value is a Fastify app or one of its contexts. */
export function isFastify(value: object | undefined): boolean {
  return typeof (value as { decorateRequest?: unknown } | undefined)?.decorateRequest === 'function'
}

/** The error for the Fastify plugin where Fastify doesn't register it. */
export function misplacedPlugin(): WaybillError {
  return new WaybillError(
    'WAYBILL_ERR_ENTRY',
    "waybill: this is the Fastify plugin; in Fastify use app.register(waybill), in Express use import { waybill } from 'waybill/express' and app.use(waybill())",
  )
}

/** The error for the Express middleware where Fastify registers it. */
export function misplacedMiddleware(): WaybillError {
  return new WaybillError(
    'WAYBILL_ERR_ENTRY',
    "waybill: this is the Express middleware; in Fastify use import waybill from 'waybill' and app.register(waybill)",
  )
}
