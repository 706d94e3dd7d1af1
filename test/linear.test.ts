import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { showValue } from '../src/errors.js'
import waybill from '../src/index.js'
import type { RawRequest } from '../src/options.js'
import { hostOfUrl, hostsOf } from '../src/outgoing/call.js'
import { createPropagation } from '../src/outgoing/headers.js'
import { hostOf, isInside, isListed } from '../src/outgoing/hosts.js'
import { compileCaptures, sourceOf, targetOf } from '../src/request/details.js'
import { describeError } from '../src/request/error.js'
import { AddedFields } from '../src/request/fields.js'
import { acceptRequestId, newUuid } from '../src/request/id.js'
import { createRedactor } from '../src/request/redact.js'
import { readTrace, readTraceState } from '../src/request/trace.js'
import { cutPath, mountPattern, pathOf, queryOf, redactQuery } from '../src/request/url.js'
import { Capture } from './support/capture.js'
import { expectCpuWithin, expectCpuWithinAsync } from './support/cpu.js'
import { formatOf } from './support/format.js'
import { ask, listen } from './support/http.js'

/** Far more CPU time than what is linear takes; what is quadratic takes seconds, then minutes. */
const BOUND_MS = 400

const HEADERS = [
  'x-request-id',
  'traceparent',
  'tracestate',
  'host',
  'user-agent',
  'referer',
  'cookie',
  ':authority',
]
const ids = { headers: ['x-request-id'], trust: 'always', generate: newUuid } as const
const captures = compileCaptures(
  ['query', 'client_ip', 'host', 'user_agent', 'referer', 'header:cookie'],
  ['page'],
  createRedactor([]),
)
const { reaches } = createPropagation({ header: 'x-request-id', reach: ['api.partner.com', '*.shop.com'] })

function requestWith(text: string): RawRequest {
  const headers = Object.fromEntries(HEADERS.map((name) => [name, text]))
  const rawHeaders = Object.entries(headers).flat()
  return { headers, rawHeaders, url: text, method: 'GET' } as unknown as RawRequest
}

/** Whatever meets what a client sends, or what an app makes of it. */
const READERS: Record<string, (text: string) => unknown> = {
  'the path of a target': (text) => cutPath(pathOf(text, true)),
  'the query of a target': (text) => redactQuery(queryOf(text) ?? text, new Set(['page'])),
  'the target of CONNECT': (text) => targetOf({ ...requestWith(text), method: 'CONNECT' } as RawRequest),
  'the pattern of a mounted router': (text) => {
    const half = text.slice(0, text.length / 2)
    return [
      mountPattern(`/v${text}-${half}`, { whole: text, half }, false),
      mountPattern(`${text}/${half}x`, { half, rest: half.split('/') }, false),
    ]
  },
  'the request id': (text) => acceptRequestId(requestWith(text), ids),
  'the trace': (text) => [readTrace(requestWith(text).headers), readTraceState(text)],
  'the details that are asked for by name': (text) => {
    const raw = requestWith(text)
    return captures.map(({ read }) => read(sourceOf(raw, text, null), true))
  },
  'the hosts of a call': (text) => hostsOf(text, text, text).map((host) => [reaches(host), hostOfUrl(host)]),
  'the name of a host': (text) => [
    hostOf(text),
    isInside(text),
    isListed(text, ['*.shop.com']),
    reaches(text),
  ],
  'an error': (text) => describeError(Object.assign(new SyntaxError(text), { code: text, type: text }), true),
  'a value in a message': (text) => [showValue(text), showValue(new Error(text))],
  'a row of the terminal view': showEverywhere,
  'a field of a handler': (text) =>
    new AddedFields().add({ [text]: text, list: text.split('') }, new Set(), createRedactor([])),
}

const terminal = { isShared: false, manyColors: true, columns: () => 80, cwd: process.cwd() }
const pretty = formatOf({ format: 'pretty', colors: true, terminal })

/** Shows a text wherever the view has a place for one; what reaches it has been cut. */
function showEverywhere(whole: string): unknown {
  const text = whole.slice(0, 8000)
  const stack = `Error: x\n    at ${text}\n${text}\ncaused by: ${text}`
  const fields: [string, string][] = [
    ['path', text],
    ['method', 'GET'],
    [text, text],
  ]
  const line = { level: 'info', time: 0, requestId: text, message: text, truncated: false, fields } as const
  const beside = { trace: undefined, tracerIds: undefined, error: { type: 'Error', message: text, stack } }
  return ['request.completed', undefined].map((event) => pretty.logLine({ ...line, ...beside, event }))
}

/** Runs of one or of a few characters, between what patterns begin and end with. */
const RUNS = [
  ' ',
  '\t',
  ',',
  '=',
  '/',
  '%',
  '%2F',
  '%zz',
  '.',
  '-',
  'a',
  'a.',
  '/a',
  '&',
  '&a=',
  ';',
  '?',
  '#',
  '@',
]
const MORE_RUNS = [
  'a=1,',
  ' ,',
  '[',
  ']',
  '::',
  '\n',
  '%\n',
  "'",
  '"',
  '\0',
  '\u2028',
  '\xe9',
  '\ud800',
  '😀',
  '{',
  '"},',
]
const ENDS = ['', 'x', ' x', '=', '\n']
const BEGINNINGS = ['', 'x', '/', 'http://', 'a=', '00-', "Unexpected token '", '[']

/** What a text begins with, what it repeats, what it ends with, and its length. */
const TEXTS = [...RUNS, ...MORE_RUNS].flatMap((run) => [
  ...BEGINNINGS.map((beginning) => [beginning, run, '', 30_000] as const),
  ...ENDS.map((end) => ['', run, end, 30_000] as const),
  ['x', run, 'x', 30_000] as const,
  ['', run, 'x', 300_000] as const,
])

test.each(Object.entries(READERS))('%s is read in linear time', (_name, read) => {
  for (const [beginning, run, end, length] of TEXTS) {
    const text = beginning + run.repeat(length / run.length) + end
    expectCpuWithin(BOUND_MS, () => read(text), JSON.stringify([beginning, run, end, length]))
  }
})

test('a server answers requests with long runs in their headers and targets in linear time', async () => {
  const log = new Capture()
  const app = Fastify({ http: { maxHeaderSize: 1_000_000 } })
  await app.register(waybill, { destination: log, include: ['query', 'referer', 'host', 'header:cookie'] })
  app.get('/', async () => 'ok')
  const port = await listen(app)
  const run = ' '.repeat(60_000)
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const spaces = ['tracestate', 'referer', 'cookie', 'x-request-id'].map((name) => [name, `a=1${run}x`])
  const requests: [string, Record<string, string>][] = [
    ['/', { traceparent, ...Object.fromEntries(spaces) }],
    [`/?${'&a='.repeat(20_000)}`, { traceparent: `${traceparent.repeat(1000)}` }],
    [`/${"'%".repeat(30_000)}`, { host: '%['.repeat(30_000) }],
  ]
  await expectCpuWithinAsync(5 * BOUND_MS, async () => {
    log.raw.length = 0
    const statuses = []
    for (const [path, headers] of requests) statuses.push((await ask(port, path, { headers })).status)
    await log.completions(3)
    expect(statuses).toEqual([200, 200, 400])
  })
  await app.close()
})
