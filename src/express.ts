import { waybill } from './adapters/express.js'
import * as shared from './exports.js'
import type { RequestLog } from './options.js'

export {
  type ErrorMiddleware,
  type ErrorMiddlewareMaker,
  waybill,
  waybill as default,
} from './adapters/express.js'
export type { Middleware, Next, NodeServer } from './adapters/middleware.js'
export * from './exports.js'

const required = Object.assign(waybill, shared, { waybill: waybill, default: waybill })

// require('waybill/express') returns the function itself, with all other exports as its properties.
export { required as 'module.exports' }

declare global {
  namespace Express {
    interface Request extends RequestLog {}
  }
}
