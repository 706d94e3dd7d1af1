import { IncomingMessage } from 'node:http'
import { bench, do_not_optimize, group, summary } from 'mitata'
import { carryRequest, recordOf } from '../harness/inside.mjs'

const RECORD = Symbol('record')
const record = {}

/** The cost of finding the record of a request. */
export function benchCarrier() {
  group('a request with its record', () => {
    summary(() => {
      bench('waybill: a private field', () => {
        const request = new IncomingMessage(null)
        carryRequest(request, record)
        do_not_optimize(recordOf(request))
      })
      bench('a hidden property', () => {
        const request = new IncomingMessage(null)
        Object.defineProperty(request, RECORD, { value: record, writable: true, configurable: true })
        do_not_optimize(request[RECORD])
      })
      bench('a WeakMap', () => {
        const request = new IncomingMessage(null)
        map.set(request, record)
        do_not_optimize(map.get(request))
      })
    })
  })
}

const map = new WeakMap()
