import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reservedNames } from '../../src/format/fields.js'
import { createLogger } from '../../src/index.js'
import { MAX_LINE_BYTES } from '../../src/vocabulary.js'
import { Capture } from '../support/capture.js'
import { formatOf } from '../support/format.js'
import { anyError, anyText, anything, jsonValue } from './arbitraries.js'
import { isCutOf } from './cut.js'
import { anyLife, captures, type Life, linesOf } from './events.js'
import { readable, readableText } from './readable.js'
import { FUZZ_TIMEOUT_MS, runs } from './runs.js'

/** What no reader of lines may meet raw: controls, line separators, what is no character. */
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\uffff]|\p{Surrogate}/u
/** What a terminal obeys: controls, changes of direction, a byte order mark and the like. */
const OBEYED = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
const COLOR = /\x1b\[[\d;]+m/g

/** A line of JSON as its reader takes it in, after all that holds for every line has been checked. */
function readLine(line: string): Record<string, unknown> {
  expect(line.endsWith('\n')).toBe(true)
  expect(line.slice(0, -1)).not.toMatch(UNSAFE)
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES)
  return JSON.parse(line)
}

/** Checks that a line says what it was given: all of it if it fits, else its beginning and that it was cut. */
function expectSaid(line: Record<string, unknown>, said: Record<string, unknown>): void {
  const { truncated, ...rest } = line
  const present = Object.entries(said).filter(([, value]) => value !== undefined)
  for (const [key, given] of present) {
    const value = readable(given)
    expect(Object.hasOwn(rest, key), `${key} is missing`).toBe(true)
    if (truncated !== true) expect(rest[key]).toEqual(value)
    else expect(isCutOf(rest[key], value), `${key} is another`).toBe(true)
  }
}

function storyOf({ arrival, outcome, status }: Life): string {
  const { method, path } = arrival
  const story = `${method} ${path} ${status === undefined ? '' : `${status} `}0ms`
  return outcome === 'completed' ? story : `${story} ${outcome}`
}

test(
  'for any request, both events are one safe line of JSON with what the request had',
  () => {
    const format = formatOf({}, captures)
    fc.assert(
      fc.property(anyLife, (life) => {
        const [started, completed] = linesOf(life, format).map(readLine)
        const { requestId, clientRequestId, idRejected, method, path, route, captured } = life.arrival
        const shared = { request_id: requestId, client_request_id: clientRequestId, method, path, route }
        const [query, user_agent, header] = captured
        const details = { query, user_agent, 'header:x-any': header }
        const start = {
          event: 'request.started',
          request_id_rejected: idRejected,
          message: `${method} ${path}`,
        }
        expectSaid(started ?? {}, { ...shared, ...details, ...start })
        const { outcome, status } = life
        const end = { event: 'request.completed', outcome, status, duration_ms: 0, message: storyOf(life) }
        expectSaid(completed ?? {}, { ...shared, ...details, ...end })
      }),
      runs(150),
    )
  },
  FUZZ_TIMEOUT_MS,
)

test(
  'a field that a handler adds reads back as JSON holds it',
  () => {
    const format = formatOf({}, captures)
    const arrival = {
      requestId: 'id',
      idRejected: undefined,
      clientRequestId: undefined,
      pathCut: false,
      protocol: '1.1',
      trace: undefined,
    }
    const life = { outcome: 'completed', status: 200, bytes: 0, thrown: [], calls: [] } as const
    const request = { ...arrival, method: 'GET', path: '/', route: '/', captured: [] }
    fc.assert(
      fc.property(anyText, fc.oneof(jsonValue, anyText), (key, value) => {
        fc.pre(!reservedNames().has(key))
        const [, completed] = linesOf({ ...life, arrival: request, added: [{ [key]: value }] }, format)
        const line = readLine(completed)
        const whole = readable(JSON.parse(JSON.stringify(value)))
        const name = readableText(key)
        if (line.truncated === true)
          expect(!Object.hasOwn(line, name) || isCutOf(line[name], whole)).toBe(true)
        else expect(Object.getOwnPropertyDescriptor(line, name)?.value).toEqual(whole)
      }),
      runs(300),
    )
  },
  FUZZ_TIMEOUT_MS,
)

test(
  'any log call writes one safe line of JSON',
  () => {
    fc.assert(
      fc.property(
        fc.dictionary(anyText, anything, { maxKeys: 4 }),
        anyText,
        anyError,
        (object, message, error) => {
          const log = new Capture()
          const logger = createLogger({ destination: log, format: 'json' })
          logger.info(object, message)
          logger.child({ bound: message }).warn({ error }, message)
          expect(log.raw).toHaveLength(2)
          const [, bound] = log.raw.map(readLine)
          expectSaid(bound ?? {}, { level: 'warn', bound: message, message })
        },
      ),
      runs(100),
    )
  },
  FUZZ_TIMEOUT_MS,
)

test.each([true, false])(
  'a line holds no control sequence of a terminal but its colours (colours: %s)',
  (colors) => {
    const format = formatOf({ format: 'pretty', colors }, captures)
    const log = new Capture()
    const logger = createLogger({ destination: log, format: 'pretty' })
    fc.assert(
      fc.property(anyLife, fc.dictionary(anyText, anything, { maxKeys: 4 }), (life, object) => {
        const events = linesOf({ ...life, thrown: [] }, format)
        for (const line of events) expect(line).toMatch(/^[^\n]+(?:\n(?: {4}[^\n]*)?)*\n$/)
        log.raw.length = 0
        logger.info(object, life.arrival.path)
        for (const text of [...events, ...linesOf(life, format), ...log.raw]) {
          const shown = colors ? text.replaceAll(COLOR, '') : text
          expect(shown.replaceAll('\n', '')).not.toMatch(UNSAFE)
          expect(shown).not.toMatch(OBEYED)
        }
      }),
      runs(60),
    )
  },
  FUZZ_TIMEOUT_MS,
)
