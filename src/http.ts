import { waybillListener } from './adapters/middleware.js'
import * as shared from './exports.js'

export {
  type Listener,
  type LoggedListener,
  type NodeServer,
  waybillListener as default,
  waybillListener as waybill,
} from './adapters/middleware.js'
export * from './exports.js'

const required = Object.assign(waybillListener, shared, {
  waybill: waybillListener,
  default: waybillListener,
})

// require('waybill/http') returns the function itself, with all other exports as its properties.
export { required as 'module.exports' }
