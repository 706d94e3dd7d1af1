import { spawn } from 'node:child_process'
import http from 'node:http'
import { describe, expect, test } from 'vitest'
import type { Line } from '../support/capture.js'
import { listenFor } from '../support/express.js'
import { finish, root } from '../support/program.js'

/** A span that has ended, as the SDK has it. */
interface Span {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parent?: string
}

const SERVER = 1
const CLIENT = 2

interface Run {
  readonly lines: Line[]
  /** The lines as they were written. */
  readonly raw: string[]
  readonly spans: Span[]
  /** The headers that another service got, as names and values in turn. */
  readonly answers: Readonly<Record<'fetch' | 'http', string[]>>
}

/** Runs a service under the real SDK, which asks itself once and calls another service meanwhile. */
async function run(env: Record<string, string>): Promise<Run> {
  const other = http.createServer((request, response) => response.end(JSON.stringify(request.rawHeaders)))
  const port = await listenFor(other)
  const args = ['--import', './test/opentelemetry/tracing.mjs', './test/opentelemetry/service.mjs']
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, LOG_FORMAT: 'json', OTHER: `http://127.0.0.1:${port}/`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { code, stdout, stderr } = await finish(child)
  expect(code, stderr).toBe(0)
  const raw = stdout.trimEnd().split('\n')
  const { answers } = JSON.parse(raw.find((line) => line.startsWith('{"answers"')) ?? '')
  const written = raw.filter((line) => !line.startsWith('{"answers"'))
  const spans = stderr.split('\n').filter((line) => line.startsWith('{'))
  const parse = (line: string) => JSON.parse(line)
  return { lines: written.map(parse), raw: written, spans: spans.map(parse), answers }
}

function spanOf(spans: readonly Span[], wanted: Partial<Span>): Span {
  const found = spans.find((span) =>
    Object.entries(wanted).every(([key, value]) => span[key as keyof Span] === value),
  )
  if (found === undefined) throw new Error(`no span like ${JSON.stringify(wanted)}`)
  return found
}

function valuesOf(headers: readonly string[], name: string): string[] {
  return headers.filter((_value, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name)
}

function lineOf({ lines }: Run, message: string): Line | undefined {
  return lines.find(({ message: said, msg = said }) => msg === message)
}

const SERVICES = [
  'fastify',
  'express',
  'express, each middleware in a span',
  'express, attached, each middleware in a span',
]

describe.each(SERVICES)('on %s, with the SDK of OpenTelemetry', (FRAMEWORK) => {
  test('log lines and outgoing calls have the ids of the active span', async () => {
    const done = await run({ FRAMEWORK, TRACED_FIRST: 'http,undici' })
    const { lines, spans, answers } = done
    const server = spanOf(spans, { kind: SERVER })
    const inner = spanOf(spans, { name: 'inner' })
    const job = spanOf(spans, { name: 'job' })
    const stands = ({ traceId, spanId }: Span) => ({ trace_id: traceId, span_id: spanId, trace_flags: '01' })
    const events = lines.filter(({ event }) => event !== undefined)
    expect(events).toMatchObject([
      stands(server),
      { ...stands(server), inner: inner.spanId, calls: { count: 2 } },
    ])
    for (const message of ['request.log', 'log'])
      expect(lineOf(done, message)).toMatchObject({ request_id: 'abc', ...stands(server) })
    expect(lineOf(done, 'within')).toMatchObject({ request_id: 'abc', ...stands(inner) })
    expect(lineOf(done, 'job')).toMatchObject(stands(job))
    expect(lineOf(done, 'job')).not.toHaveProperty('request_id')
    // The instrumentations send what they made of the call.
    const clients = spans.filter(({ kind, parent }) => kind === CLIENT && parent === inner.spanId)
    const sent = Object.values(answers).map((headers) => valuesOf(headers, 'traceparent'))
    expect(sent.sort()).toEqual(clients.map(({ traceId, spanId }) => [`00-${traceId}-${spanId}-01`]).sort())
    for (const headers of Object.values(answers)) expect(valuesOf(headers, 'x-request-id')).toEqual(['abc'])
  })

  test('a call without instrumentation carries the active span and its tracestate', async () => {
    const HEADERS = JSON.stringify({
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=1,b=2',
    })
    const { lines, spans, answers } = await run({ FRAMEWORK, TRACED_FIRST: 'http', HEADERS })
    const { traceId, spanId } = spanOf(spans, { name: 'inner' })
    expect(traceId).toBe('0af7651916cd43dd8448eb211c80319c')
    const traces = lines.filter(({ request_id: id }) => id === 'abc').map(({ trace_id: trace }) => trace)
    expect([...new Set(traces)]).toEqual([traceId])
    expect(valuesOf(answers.fetch, 'traceparent')).toEqual([`00-${traceId}-${spanId}-01`])
    expect(valuesOf(answers.fetch, 'tracestate')).toEqual(['a=1,b=2'])
    expect(valuesOf(answers.http, 'traceparent')).toHaveLength(1)
  })
})

describe.each(SERVICES.slice(0, 2))('on %s, with the SDK of OpenTelemetry', (FRAMEWORK) => {
  test('nothing is written twice when tracing begins after the registration', async () => {
    const { spans, answers } = await run({ FRAMEWORK, TRACED_LATER: 'undici' })
    const inner = spanOf(spans, { name: 'inner' })
    const { traceId, spanId } = spanOf(spans, { kind: CLIENT, parent: inner.spanId })
    expect(valuesOf(answers.fetch, 'traceparent')).toEqual([`00-${traceId}-${spanId}-01`])
    expect(valuesOf(answers.fetch, 'x-request-id')).toEqual(['abc'])
  })

  test('nothing is written twice beside the instrumentation of pino', async () => {
    const { raw, lines } = await run({ FRAMEWORK, TRACED_FIRST: 'http,undici,pino' })
    for (const key of ['trace_id', 'span_id', 'trace_flags', 'request_id'])
      for (const line of raw) expect(line.split(`"${key}`).length, line).toBeLessThanOrEqual(2)
    expect(lines.filter(({ trace_id: id }) => id !== undefined)).toHaveLength(6)
  })
})

test('on an app with its own logger, nothing is written twice either', async () => {
  const { raw, lines } = await run({
    FRAMEWORK: 'fastify',
    OWN_LOGGER: 'yes',
    TRACED_FIRST: 'http,undici,pino',
  })
  for (const line of raw) expect(line.split('"trace_id').length, line).toBeLessThanOrEqual(2)
  expect(lines.filter(({ event }) => event !== undefined)).toMatchObject([
    { trace_id: expect.any(String) },
    { trace_id: expect.any(String) },
  ])
})
