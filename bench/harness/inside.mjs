// All that benchmarks take from within waybill, rather than from what it exports.

import { compileParts } from '../../dist/formats/compile.js'
import { createFormat } from '../../dist/formats/formats.js'
import { partsOf } from '../../dist/formats/parts.js'
import { renderParts } from '../../dist/formats/render.js'
import { captureSources, SOURCES, serviceSources, traceNameSource } from '../../dist/formats/sources.js'
import { json } from '../../dist/formats/syntax.js'
import { native } from '../../dist/formats/templates/native.js'
import { RequestRecord } from '../../dist/request/record.js'
import { MAX_LINE_BYTES } from '../../dist/vocabulary.js'

export { carryRequest, recordOf } from '../../dist/http/carrier.js'
export { StandardStream } from '../../dist/output/replaced.js'
export { LineWriter } from '../../dist/output/writer.js'
export { acceptRequestId, newUuid } from '../../dist/request/id.js'
export { PIPE_BYTES } from '../../dist/vocabulary.js'

/** The names of all formats. */
export const FORMATS = ['json', 'pretty', 'logfmt', 'ecs', 'gcp', 'datadog', 'otel', 'combined']
const SERVICE = { service: undefined, version: undefined, environment: undefined, project: undefined }

/** What writes the lines of a format, by its name. */
export function formatOf(format) {
  return createFormat(
    { ...SERVICE, format, colors: false, priority: false, maxLineBytes: MAX_LINE_BYTES },
    [],
  )
}

/** The two ways of rendering a native line of a kind: compiled, and by its parts. */
export function rendersOf(kind) {
  const named = { ...SOURCES, ...serviceSources(SERVICE), trace_name: traceNameSource(undefined) }
  const parts = partsOf(native, kind, { named, included: captureSources([]) }, json)
  return { compiled: compileParts(parts, json), plain: renderParts(parts, json) }
}

/** A request that has been answered. */
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
