import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLogger, type Template } from '../../src/index.js'
import { type FormatName, MAX_LINE_BYTES } from '../../src/vocabulary.js'
import { anyError, anyText, anything } from '../fuzz/arbitraries.js'
import { isCutOf } from '../fuzz/cut.js'
import { anyLife, captures, type Life, linesOf } from '../fuzz/events.js'
import { readable } from '../fuzz/readable.js'
import { FUZZ_TIMEOUT_MS, runs } from '../fuzz/runs.js'
import { parseStrict } from '../fuzz/strict-json.js'
import { parseCombined, parseLogfmt } from '../fuzz/strict-lines.js'
import { Capture } from '../support/capture.js'
import { formatOf } from '../support/format.js'

/** What no reader of lines may meet raw: controls, line separators, what is no character. */
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\uffff]|\p{Surrogate}/u

/** A format of a user's own whose added fields stand beside others, at every depth. */
const own: Template = {
  t: '$time',
  lvl: '$level',
  msg: '$message',
  id: '$request_id',
  in: { kind: 'x', '*': '$added' },
}

/** Where lines say the id of their request, their message and their level. */
const PLACES = {
  json: [['request_id'], ['message'], ['level']],
  logfmt: [['request_id'], ['msg'], ['level']],
  ecs: [['http.request.id'], ['message'], ['log.level']],
  gcp: [['request_id'], ['message'], ['severity']],
  datadog: [['http', 'request_id'], ['message'], ['status']],
  otel: [['attributes', 'http.request.id'], ['body'], ['severity_text']],
  own: [['id'], ['msg'], ['lvl']],
} as const
type Name = keyof typeof PLACES
const NAMES = Object.keys(PLACES) as Name[]

function formatNamed(name: Name): FormatName | Template {
  return name === 'own' ? own : name
}

/** A line as its reader takes it in, after all that holds for every line has been checked. */
function readLine(name: Name, line: string, prefix = ''): Record<string, unknown> {
  expect(line.startsWith(prefix)).toBe(true)
  expect(line.endsWith('\n')).toBe(true)
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES)
  const text = line.slice(prefix.length, -1)
  expect(text).not.toMatch(UNSAFE)
  return (name === 'logfmt' ? Object.fromEntries(parseLogfmt(text)) : parseStrict(text)) as Record<
    string,
    unknown
  >
}

function at(line: unknown, path: readonly string[]): unknown {
  return path.reduce((value, key) => (Object(value) as Record<string, unknown>)[key], line)
}

/** Checks that a line says what only the log itself may say: as it is, or its beginning in a line that was cut. */
function expectTruth(
  name: Name,
  line: unknown,
  id: string | undefined,
  message: string,
  levels: RegExp,
): void {
  const [idPlace, messagePlace, levelPlace] = PLACES[name]
  if (id !== undefined) expect(isCutOf(at(line, idPlace), readable(id))).toBe(true)
  expect(isCutOf(at(line, messagePlace), readable(message))).toBe(true)
  expect(at(line, levelPlace)).toMatch(levels)
}

/** Names that collide with those of a format, once they are written as it writes them. */
const collidingName = fc.constantFrom(
  ...'timestamp @timestamp time level log.level severity status message body event resource labels'.split(
    ' ',
  ),
  ...'request_id trace_id span_id trace_flags trace.flags truncated truncated_ attributes'.split(' '),
  ...'error err error.type error_type a.b a_b http httpRequest http.request.id dd kind in id'.split(' '),
  ...'header:x-any header:x_dot __proto__ constructor hasOwnProperty toString 1'.split(' '),
  ...['error type', 'a b', 'a b_'],
)
const anyFields = fc.dictionary(fc.oneof(collidingName, anyText), anything, { maxKeys: 6 })

function startOf({ arrival: { method, path } }: Life): string {
  return `${method} ${path}`
}

test.each(NAMES)(
  '%s: for any request, both events are one safe line each, with no field twice or forged',
  (name) => {
    const format = formatOf({ format: formatNamed(name), service: 'shop', project: 'acme' }, captures)
    fc.assert(
      fc.property(anyLife, fc.array(anyFields, { maxLength: 2 }), (life, added) => {
        const [started, completed] = linesOf({ ...life, added: [...life.added, ...added] }, format)
        const { requestId } = life.arrival
        expectTruth(name, readLine(name, started), requestId, startOf(life), /^info$/i)
        const end = readLine(name, completed)
        const status = life.status === undefined ? '' : ` ${life.status}`
        const outcome = life.outcome === 'completed' ? '' : ` ${life.outcome}`
        expectTruth(
          name,
          end,
          requestId,
          `${startOf(life)}${status} 0ms${outcome}`,
          /^(?:info|warn|warning|error)$/i,
        )
      }),
      runs(40),
    )
  },
  FUZZ_TIMEOUT_MS,
)

test.each(NAMES)(
  '%s: any log call writes one safe line, with no field twice or forged',
  (name) => {
    const log = new Capture()
    const options = { destination: log, format: formatNamed(name), journalPriority: true, service: 'shop' }
    const logger = createLogger(options)
    fc.assert(
      fc.property(anyFields, anyText, anyError, (fields, message, error) => {
        log.raw.length = 0
        logger.warn(fields, message)
        logger.child({ request_id: 'abc', bound: message }).warn({ error }, message)
        logger.warn({ err: error, ...fields }, message)
        expect(log.raw).toHaveLength(3)
        for (const [index, line] of log.raw.entries()) {
          // The native lines are pino's own: of two fields with one name that the app gave, both stand there.
          const read = name === 'json' ? readJson(line) : readLine(name, line, '<4>')
          expectTruth(name, read, index === 1 ? 'abc' : undefined, message, /^warn(?:ing)?$/i)
        }
      }),
      runs(40),
    )
  },
  FUZZ_TIMEOUT_MS,
)

function readJson(line: string): Record<string, unknown> {
  expect(line.slice(0, 3)).toBe('<4>')
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES)
  expect(line.slice(0, -1)).not.toMatch(UNSAFE)
  return JSON.parse(line.slice(3))
}

test(
  'combined: for any request, the completion is one safe line with no part forged',
  () => {
    const format = formatOf({ format: 'combined' }, captures)
    fc.assert(
      fc.property(anyLife, (life) => {
        const [started, completed] = linesOf(life, format)
        expect(started).toBe('')
        expect(Buffer.byteLength(completed)).toBeLessThanOrEqual(MAX_LINE_BYTES)
        expect(completed.slice(0, -1)).not.toMatch(UNSAFE)
        const line = parseCombined(completed.slice(0, -1))
        const { method, path, protocol, captured } = life.arrival
        const [query, agent, , client, referer] = captured as readonly (string | undefined)[]
        const target = query === undefined ? path : `${path}?${query}`
        const told = [method || '-', target || '-', `HTTP/${protocol}`].map((part) =>
          part.replaceAll(' ', '%20'),
        )
        expect(line.request).toHaveLength(3)
        expect(line.request.every((part, index) => isCutOf(part, told[index]))).toBe(true)
        expect(isCutOf(line.client, (client || '-').replaceAll(' ', '_'))).toBe(true)
        expect(isCutOf(line.agent, agent || '-')).toBe(true)
        expect(isCutOf(line.referer, referer || '-')).toBe(true)
        expect(line).toMatchObject({ status: life.status ?? 499, bytes: expect.any(Number) })
      }),
      runs(150),
    )
  },
  FUZZ_TIMEOUT_MS,
)
