import { waybill } from './adapters/fastify.js'
import * as shared from './exports.js'

export * from './exports.js'
export { waybill, waybill as default }

const required = Object.assign(waybill, shared, { waybill: waybill, default: waybill })

// require('waybill') returns the function itself, with all other exports as its properties.
export { required as 'module.exports' }
