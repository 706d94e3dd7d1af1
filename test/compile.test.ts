import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileParts } from '../src/formats/compile.js'
import type { LogRow } from '../src/formats/log-row.js'
import { partsOf } from '../src/formats/parts.js'
import { type Render, renderParts } from '../src/formats/render.js'
import {
  captureSources,
  type LineKind,
  SOURCE_NAMES,
  SOURCES,
  serviceSources,
  traceNameSource,
} from '../src/formats/sources.js'
import { json, logfmt } from '../src/formats/syntax.js'
import { datadog } from '../src/formats/templates/datadog.js'
import { ecs } from '../src/formats/templates/ecs.js'
import { gcp } from '../src/formats/templates/gcp.js'
import { native, nativeFlat } from '../src/formats/templates/native.js'
import { otel } from '../src/formats/templates/otel.js'
import type { Template } from '../src/options.js'
import type { RequestRecord } from '../src/request/record.js'
import { LEVELS } from '../src/vocabulary.js'
import { anyText, jsonValue } from './fuzz/arbitraries.js'
import { anyLife, captures, linesOf } from './fuzz/events.js'
import { moduleArguments, root } from './support/program.js'

const service = { service: 'shop', version: undefined, environment: 'test' }
const sources = {
  named: { ...SOURCES, ...serviceSources(service), trace_name: traceNameSource('acme') },
  included: captureSources(captures),
}
const syntaxes = { json, logfmt }

/** Both ways of all lines, side by side. */
function bothWays(template: Template, syntax: keyof typeof syntaxes) {
  const of = syntaxes[syntax]
  function waysOf<Subject>(kind: LineKind): Render<Subject> {
    const parts = partsOf(template, kind, sources, of)
    const compiled = compileParts<Subject>(parts, of)
    const plain = renderParts<Subject>(parts, of)
    return (subject, level) => {
      expect(compiled(subject, level)).toBe(plain(subject, level))
      return '\n'
    }
  }
  const row = waysOf<LogRow>('row')
  return {
    addsService: true,
    started: waysOf<RequestRecord>('started'),
    completed: waysOf<RequestRecord>('completed'),
    logLine: () => '',
    row: (logged: LogRow) => row(logged, logged.level),
  }
}

test.each([
  ['json', native, 'json'],
  ['logfmt', nativeFlat, 'logfmt'],
  ['ecs', ecs, 'json'],
  ['gcp', gcp, 'json'],
  ['datadog', datadog, 'json'],
  ['otel', otel, 'json'],
] as const)(
  '%s: whatever a request brings, the compiled line is the plain one',
  (_name, template, syntax) => {
    const format = bothWays(template, syntax)
    fc.assert(fc.property(anyLife, anyDuration, (life, ms) => void linesOf(life, format, ms)))
    fc.assert(fc.property(anyRow, (row) => void format.row(row)))
  },
)

/** How long requests take, in milliseconds: most not long, in microseconds. */
const anyDuration = fc.oneof(
  fc.nat(2e6).map((us) => us / 1000),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
)

/** What an app may log, under names that are the log's own too. */
const anyRow: fc.Arbitrary<LogRow> = fc.record({
  level: fc.constantFrom(...LEVELS),
  timestamp: fc.constant('2026-11-23T10:00:00.000Z'),
  fields: fc.dictionary(
    fc.oneof(fc.constantFrom('message', 'request_id', 'trace_id', 'error', 'event', 'truncated'), anyText),
    fc.oneof(jsonValue, anyText, fc.constant(true), fc.constant('a'.repeat(32))),
  ),
})

const anySource = fc.constantFrom(...SOURCE_NAMES).map((name) => `$${name}`)
const { template: anyTemplate } = fc.letrec<{ template: Template; value: Template[string] }>((tie) => ({
  template: fc.dictionary(fc.string({ maxLength: 8 }), tie('value'), {
    minKeys: 1,
    maxKeys: 6,
    noNullPrototype: true,
  }),
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    anySource,
    fc.constantFrom(
      '$duration:ns',
      '$method:unknown',
      '$slow:text',
      '$host:port',
      '$level:upper',
      '$time:epoch_s',
    ),
    fc.constantFrom('text', '$$', 7, true),
    tie('template'),
  ),
}))

test('whatever a format of one’s own looks like, the compiled line is the plain one', () => {
  const withSpreads = fc.tuple(anyTemplate, fc.boolean(), fc.boolean()).map(
    ([template, first, last]): Template => ({
      ...(first && { '*included': '$included' }),
      ...template,
      ...(last && { '*': '$added' }),
    }),
  )
  fc.assert(
    fc.property(
      withSpreads,
      anyLife,
      anyRow,
      fc.constantFrom('json', 'logfmt'),
      (template, life, row, syntax) => {
        const format = bothWays(template, syntax)
        linesOf(life, format, 12.304)
        format.row(row)
      },
    ),
  )
})

test('where code must not be made of texts, the events are the same', () => {
  const program = `
    import { createServer } from 'node:http'
    import { waybill } from 'waybill/express'
    const requestLog = waybill()
    const server = createServer((request, response) => {
      requestLog(request, response)
      response.end('ok')
    })
    server.listen(0, '127.0.0.1', async () => {
      await fetch('http://127.0.0.1:' + server.address().port, { headers: { 'x-request-id': 'abc' } })
      server.close()
    })`
  const args = ['--disallow-code-generation-from-strings', ...moduleArguments(program)]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  expect(stderr).toBe('')
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events).toMatchObject([
    { event: 'request.started', request_id: 'abc' },
    {
      event: 'request.completed',
      request_id: 'abc',
      status: 200,
      message: expect.stringMatching(/^GET \/ 200 /),
    },
  ])
})
