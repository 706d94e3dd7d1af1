import { createLogger, type FormatName } from '../../src/index.js'
import type { Include } from '../../src/options.js'
import { compileCaptures } from '../../src/request/details.js'
import { createRedactor } from '../../src/request/redact.js'
import { type Life, linesOf } from '../fuzz/events.js'
import { Capture, type Line } from '../support/capture.js'
import { formatOf } from '../support/format.js'

const INCLUDE: Include[] = [
  'query',
  'client_ip',
  'user_agent',
  'host',
  'referer',
  'header:x-shop',
  'header:x.dot',
]
const captures = compileCaptures(INCLUDE, [], createRedactor([]))
const service = { service: 'shop', version: '1.2.3', environment: 'production', project: 'acme' }

export const TRACE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', flags: '01' }

/** A request of which everything is known. */
export const whole: Life = {
  arrival: {
    requestId: '01a205d3-af6c-735b-aafc-35e1837b7b96',
    idRejected: 'charset',
    clientRequestId: 'theirs',
    method: 'GET',
    path: '/users/42',
    protocol: '1.1',
    trace: TRACE,
    pathCut: false,
    route: '/users/:id',
    captured: [
      'a=[redacted]',
      '2001:db8::7',
      'curl/8',
      'shop.example:8080',
      'https://shop.example/',
      'y',
      'z',
    ],
  },
  added: [
    { user_id: 42, 'cart.size': 3, vip: true, tags: ['a', 'b'], cart: { items: [{ id: 1 }] }, ratio: 0.5 },
  ],
  thrown: [],
  outcome: 'completed',
  status: 200,
  bytes: 5_000_000_000,
  calls: [
    [12.5, false],
    [0.25, true],
  ],
}

const failure = Object.assign(new TypeError('no such user'), {
  code: 'E_USER',
  stack: 'TypeError: no such user\n  at x',
})
const unknown = {
  method: undefined,
  path: undefined,
  protocol: undefined,
  trace: undefined,
  route: undefined,
}
const nothing = INCLUDE.map(() => undefined)

/** Requests of every kind. */
export const LIVES: Readonly<Record<string, Life>> = {
  'a whole request': whole,
  'a request that failed': { ...whole, thrown: [failure], status: 500 },
  'a request that was refused': { ...whole, thrown: [failure], status: 404 },
  'a request whose client left': { ...whole, outcome: 'aborted', status: 499, bytes: 0 },
  'a request that was cut': {
    ...whole,
    added: [{ long: 'y'.repeat(9000), list: Array(500).fill('z'.repeat(50)) }],
  },
  'a request by HTTP/2, with a method of its own': {
    ...whole,
    arrival: { ...whole.arrival, method: 'PURGE', protocol: '2.0' },
  },
  'a request through a proxy that makes things up': {
    ...whole,
    arrival: {
      ...whole.arrival,
      captured: ['', 'unknown', '', 'a:b:c', '', '', ''],
    },
  },
  'a request that can’t be parsed': {
    ...whole,
    arrival: { ...whole.arrival, ...unknown, clientRequestId: undefined, captured: nothing },
    thrown: [Object.assign(new Error('Parse Error'), { code: 'HPE_INVALID_METHOD' })],
    outcome: 'rejected',
    status: 400,
    added: [],
  },
  'a request that nobody knows anything about': {
    arrival: {
      ...whole.arrival,
      ...unknown,
      idRejected: undefined,
      clientRequestId: undefined,
      captured: nothing,
    },
    added: [],
    thrown: [],
    outcome: 'unfinished',
    status: undefined,
    bytes: 0,
    calls: [],
  },
}

/** What an app logs by itself. */
const LOGGED: Readonly<Record<string, readonly [object, string?]>> = {
  'a log line': [{ n: 1, nested: { a: [1, { b: 2 }] }, nothing: null }, 'looking up user'],
  'a log line with an error': [
    { err: Object.assign(failure, { statusCode: 404, body: { a: 1 } }) },
    'what happened',
  ],
  'a log line that is an error': [failure],
  'a log line with a text as error': [{ error: 'refused' }],
  'a log line that takes names of others': [
    {
      request_id: 5,
      trace_id: { a: 1 },
      span_id: 'x',
      level: 7,
      timestamp: 1,
      message: { a: 1 },
      error: { type: { a: 1 }, code: 5 },
      truncated: 'yes',
    },
  ],
  'a log line that was cut': [{ long: 'y'.repeat(9000) }, 'z'.repeat(9000)],
}

/** One line of a format, and what it is about. */
export interface Sample {
  readonly about: string
  readonly line: Line
}

/** Lines of every kind in a format. */
export function samplesOf(format: FormatName): Sample[] {
  const compiled = formatOf({ format, ...service }, captures)
  const events = Object.entries(LIVES).flatMap(([about, life]) =>
    linesOf(life, compiled, 12.304).map((line) => ({ about, line: JSON.parse(line) })),
  )
  const log = new Capture()
  const { project: googleProject, ...settings } = service
  const logger = createLogger({ destination: log, format, level: 'trace', ...settings, googleProject })
  const bound = logger.child({
    request_id: 'abc',
    trace_id: TRACE.traceId,
    span_id: TRACE.spanId,
    trace_flags: '01',
  })
  const abouts = Object.entries(LOGGED).map(([about, [given, message]]) => {
    bound.info(given, message)
    return about
  })
  return [...events, ...log.lines.map((line, index) => ({ about: abouts[index] ?? '', line }))]
}

/** The completion of a request in a format, after some milliseconds. */
export function completionOf(format: FormatName, life: Life, durationMs = 12.304): Line {
  return JSON.parse(linesOf(life, formatOf({ format, ...service }, captures), durationMs)[1])
}

/** The line that a logger writes at a level. */
export function loggedAt(
  format: FormatName,
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
): Line {
  const log = new Capture()
  createLogger({ destination: log, format, level: 'trace' })[level]('x')
  return log.lines[0] ?? {}
}

/** The value at a path of keys. */
export function at(line: unknown, ...path: readonly string[]): unknown {
  return path.reduce((value, key) => (Object(value) as Line)[key], line)
}

/** A rule of a reader, with where it is written. */
export interface Rule {
  readonly name: string
  /** The address of its documentation, or how it was seen. */
  readonly source: string
  readonly holds: (line: Line) => boolean
}

/** The lines that break a rule. */
export function breaches({ holds }: Rule, samples: readonly Sample[]): string[] {
  return samples
    .filter(({ line }) => !holds(line))
    .map(({ about, line }) => `${about}: ${JSON.stringify(line)}`)
}
