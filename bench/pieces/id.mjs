import { randomUUID } from 'node:crypto'
import { bench, do_not_optimize, group, summary } from 'mitata'
import { v4, v7 } from 'uuid'
import { acceptRequestId, newUuid } from '../harness/inside.mjs'

const rules = { headers: ['x-request-id'], trust: 'always', generate: newUuid }
const common = { host: 'shop.internal', connection: 'keep-alive', accept: '*/*' }
const withoutId = { headers: common, rawHeaders: [] }
const withId = { headers: { ...common, 'x-request-id': 'checkout-7f3a9c' }, rawHeaders: [] }

/** The cost of generating a request id. */
export function benchId() {
  group('a new id', () => {
    summary(() => {
      bench('waybill: newUuid()', () => do_not_optimize(newUuid()))
      bench('uuid: v7()', () => do_not_optimize(v7()))
      bench('uuid: v4()', () => do_not_optimize(v4()))
      bench('node:crypto: randomUUID()', () => do_not_optimize(randomUUID()))
    })
  })
  group('the id of a request', () => {
    bench('waybill: none came', () => do_not_optimize(acceptRequestId(withoutId, rules)))
    bench('waybill: one came and is taken', () => do_not_optimize(acceptRequestId(withId, rules)))
  })
}
