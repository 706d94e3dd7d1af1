// All internals of waybill that benchmarks use, beside its public exports.

import { readTerminal } from '../../dist/environment.js'
import { createFormat } from '../../dist/format/index.js'
import { RequestRecord } from '../../dist/request/record.js'
import { MAX_LINE_BYTES } from '../../dist/vocabulary.js'

export { carryRequest, recordOf } from '../../dist/http/carrier.js'
export { StandardStream } from '../../dist/output/replaced.js'
export { LineWriter } from '../../dist/output/stdout-writer.js'
export { acceptRequestId, newUuid } from '../../dist/request/id.js'
export { PIPE_BYTES } from '../../dist/vocabulary.js'

/** The names of all formats. */
export const FORMATS = ['json', 'pretty', 'logfmt', 'ecs', 'gcp', 'datadog', 'otel', 'combined']
const SERVICE = { service: undefined, version: undefined, environment: undefined, project: undefined }
/** Not a real one, so that lines are 80 columns wide. */
const TERMINAL = readTerminal({ isTerminal: false, variables: {} })

/** Creates a format by its name. */
export function formatOf(format) {
  return createFormat(
    {
      ...SERVICE,
      format,
      colors: false,
      terminal: TERMINAL,
      summary: false,
      priority: false,
      maxLineBytes: MAX_LINE_BYTES,
    },
    [],
  )
}

/** Creates the record of a completed request. */
export function answeredRecord() {
  const record = new RequestRecord({ reserved: new Set() }, console, {}, { now: Date.now, elapsed: () => 0 })
  return Object.assign(record, {
    requestId: '0199a0c2-7d3e-7c41-9f52-3b8e6a4d1f07',
    method: 'GET',
    path: '/users/42',
    protocol: '1.1',
    route: '/users/:id',
    bindsId: true,
    status: 200,
    durationMs: 12.304,
    responseBytes: 27,
    closed: true,
  })
}
