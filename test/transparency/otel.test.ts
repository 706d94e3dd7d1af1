import { expect, test } from 'vitest'
import type { Line } from '../support/capture.js'
import { expectTransparent, request } from './client.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${TRACE}-b7ad6b7169203331-01`
const REQUESTS = [
  request('GET', '/trace', { traceparent }),
  ...['/ok', '/fails', '/unknown'].map((path) => request('GET', path)),
]
const STATUSES = [200, 200, 500, 404]

/** The lines of each request, in the order in which they came: its start, that of a hook of the app's, its completion. */
function linesByRequest(lines: Line[]): Line[][] {
  const ids = new Set(lines.map(({ request_id: id }) => id).filter((id) => id !== undefined))
  return [...ids].map((id) => lines.filter((line) => line.request_id === id))
}

/** The traces that lines tell of; a hook's line tells of the one that is active there, too. */
function tracesOf(lines: Line[]): unknown[] {
  return lines.flatMap(({ trace_id: told, active_trace: active = told }) => [told, active])
}

/** Where @fastify/otel is registered; `by itself` as soon as there is an app. */
const ALONE = ['behind waybill', 'before waybill', 'by itself']

test.concurrent.for(ALONE)(
  '@fastify/otel, registered %s, answers as without waybill, and lines have the ids of its spans',
  (setUp) =>
    expectTransparent('otel.mjs', setUp, REQUESTS, STATUSES, (lines) => {
      const requests = linesByRequest(lines)
      expect(requests).toHaveLength(REQUESTS.length)
      expect(requests.map(({ length }) => length)).toEqual(REQUESTS.map(() => 3))
      // Its span begins with the hooks, after the start; what a client says of its trace is known before.
      expect(new Set(tracesOf(requests[0] ?? []))).toEqual(new Set([TRACE]))
      for (const [, handled, completion] of requests) {
        const trace = handled?.active_trace
        expect(trace).toMatch(/^[0-9a-f]{32}$/)
        expect([handled?.trace_id, completion?.trace_id]).toEqual([trace, trace])
        expect(completion?.span_id).toBe(handled?.server_span)
      }
    }),
)

test.concurrent('@fastify/otel within instrumentation-http answers as without waybill, with one trace a request', () =>
  expectTransparent('otel.mjs', 'instrumentation-http', REQUESTS, STATUSES, (lines) => {
    const requests = linesByRequest(lines)
    expect(requests.map(({ length }) => length)).toEqual(REQUESTS.map(() => 3))
    const traces = requests.map((each) => [...new Set(tracesOf(each))])
    expect(traces[0]).toEqual([TRACE])
    for (const each of traces) expect(each).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)])
    expect(new Set(traces.flat()).size).toBe(REQUESTS.length)
    for (const [started, handled, completion] of requests)
      expect([started?.span_id, completion?.span_id]).toEqual([handled?.server_span, handled?.server_span])
  }))
