import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import Fastify from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import waybill, { propagationHeaders } from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { inShort } from '../support/titles.js'

// The cases for parsing of the test suite of W3C Trace Context, by their names there
// (https://github.com/w3c/trace-context/blob/main/test/test.py), and some more.

const TRACE = '12345678901234567890123456789012'
const SPAN = '1234567890123456'
const VALID = `00-${TRACE}-${SPAN}-01`
/** The same for a later version, which may say more. */
const LATER = `cc-${TRACE}-${SPAN}-01`

const KEY = 'abcdefghijklmnopqrstuvwxyz0123456789_-*/'
const VALUE = characters(0x20, 0x7e).replace(/[,=]/g, '')

function characters(first: number, last: number): string {
  return String.fromCharCode(...Array.from({ length: last - first + 1 }, (_, n) => first + n))
}

function members(count: number): string {
  return Array.from({ length: count }, (_, n) => `bar${n}=${n}`).join()
}

type Line = readonly [name: string, value: string]

/** A case with its headers in short behind its name. */
function titled<T, R>([name, headers, expected]: [string, T, R]): [string, string, T, R] {
  return [name, inShort(JSON.stringify(headers)), headers, expected]
}

type Traceparent = [name: string, lines: Line[], flags: string | undefined]

/** The flags with which a trace goes on, if it does. */
const TRACEPARENTS: Traceparent[] = [
  ['both_traceparent_and_tracestate_missing', [], undefined],
  ['traceparent_included_tracestate_missing', [['traceparent', VALID]], '01'],
  ['traceparent_duplicated', lines('traceparent', VALID.replace('2-', '1-'), VALID), undefined],
  ['traceparent_header_name', [['trace-parent', VALID]], undefined],
  ['traceparent_header_name', [['trace.parent', VALID]], undefined],
  ...['TraceParent', 'TrAcEpArEnT', 'TRACEPARENT'].map((name): [string, Line[], string] => [
    'traceparent_header_name_valid_casing',
    [[name, VALID]],
    '01',
  ]),
  ...valuesOf('traceparent_version_0x00', [`${VALID}.`, `${VALID}-what-the-future-will-be-like`], undefined),
  ...valuesOf(
    'traceparent_version_0xcc',
    [LATER, `${LATER}-what-the-future-will-be-like`, `${LATER}-`],
    '01',
  ),
  ...valuesOf('traceparent_version_0xcc', [`${LATER}.what-the-future-will-be-like`], undefined),
  ...valuesOf('traceparent_version_0xff', [VALID.replace('00', 'ff')], undefined),
  ...valuesOf('traceparent_version_illegal_characters', versions('.0', '0.', '0A', 'é0'), undefined),
  ...valuesOf('traceparent_version_too_long', versions('000', '0000'), undefined),
  ...valuesOf('traceparent_version_too_short', versions('0', ''), undefined),
  ...valuesOf('traceparent_trace_id_all_zero', [VALID.replace(TRACE, '0'.repeat(32))], undefined),
  ...valuesOf(
    'traceparent_trace_id_illegal_characters',
    [`.${TRACE.slice(1)}`, `${TRACE.slice(1)}.`, `A${TRACE.slice(1)}`].map((id) => VALID.replace(TRACE, id)),
    undefined,
  ),
  ...valuesOf('traceparent_trace_id_too_long', [VALID.replace(TRACE, `${TRACE}3`)], undefined),
  ...valuesOf('traceparent_trace_id_too_short', [VALID.replace(TRACE, TRACE.slice(1))], undefined),
  ...valuesOf(
    'traceparent_parent_id_all_zero',
    [VALID.replace(`-${SPAN}-`, `-${'0'.repeat(16)}-`)],
    undefined,
  ),
  ...valuesOf(
    'traceparent_parent_id_illegal_characters',
    [`.${SPAN.slice(1)}`, `${SPAN.slice(1)}.`, `A${SPAN.slice(1)}`].map((id) =>
      VALID.replace(`-${SPAN}-`, `-${id}-`),
    ),
    undefined,
  ),
  ...valuesOf('traceparent_parent_id_too_long', [VALID.replace(`-${SPAN}-`, `-${SPAN}7-`)], undefined),
  ...valuesOf(
    'traceparent_parent_id_too_short',
    [VALID.replace(`-${SPAN}-`, `-${SPAN.slice(1)}-`)],
    undefined,
  ),
  ...valuesOf('traceparent_trace_flags_illegal_characters', withFlags('.0', '0.', '0A'), undefined),
  ...valuesOf('traceparent_trace_flags_too_long', withFlags('001'), undefined),
  ...valuesOf('traceparent_trace_flags_too_short', withFlags('1', ''), undefined),
  ...valuesOf(
    'traceparent_ows_handling',
    [` ${VALID}`, `\t${VALID}`, `${VALID} `, `${VALID}\t`, `\t ${VALID} \t`],
    '01',
  ),
  ...valuesOf('without flags', [VALID.slice(0, -3)], undefined),
  ...valuesOf('not sampled', withFlags('00'), '00'),
]

/** What goes on of the state of a trace that does. */
const TRACESTATES: [name: string, values: string[], goesOn: string | undefined][] = [
  ['tracestate_included_traceparent_included', ['foo=1,bar=2'], 'foo=1,bar=2'],
  ['tracestate_empty_header', [''], undefined],
  ['tracestate_empty_header', ['foo=1', ''], 'foo=1'],
  ['tracestate_empty_header', ['', 'foo=1'], 'foo=1'],
  [
    'tracestate_multiple_headers_different_keys',
    ['foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'],
    'foo=1,bar=2,rojo=1,congo=2,baz=3',
  ],
  ['tracestate_duplicated_keys', ['foo=1,foo=1'], 'foo=1,foo=1'],
  ['tracestate_duplicated_keys', ['foo=1', 'foo=2'], 'foo=1,foo=2'],
  ['tracestate_all_allowed_characters', [`${KEY}=${VALUE}`], `${KEY}=${VALUE}`],
  ['tracestate_all_allowed_characters', [`${KEY}@a-z0-9_-*/=${VALUE}`], `${KEY}@a-z0-9_-*/=${VALUE}`],
  ['tracestate_ows_handling', ['foo=1 \t , \t bar=2, \t baz=3'], 'foo=1,bar=2,baz=3'],
  ['tracestate_ows_handling', ['foo=1\t \t,\t \tbar=2,\t \tbaz=3'], 'foo=1,bar=2,baz=3'],
  ...[' foo=1', '\tfoo=1', 'foo=1 ', 'foo=1\t', '\t foo=1 \t'].map((value): [string, string[], string] => [
    'tracestate_ows_handling',
    [value],
    'foo=1',
  ]),
  ...['foo =1', 'FOO=1', 'foo.bar=1', '@foo=1,bar=2', '_foo=1', '=1', 'foo'].map(
    (value): [string, string[], undefined] => ['tracestate_key_illegal_characters', [value], undefined],
  ),
  ['tracestate_key_illegal_vendor_format', ['foo@=1,bar=2'], 'foo@=1,bar=2'],
  ['tracestate_key_illegal_vendor_format', ['foo@@bar=1,bar=2'], 'foo@@bar=1,bar=2'],
  ['tracestate_key_illegal_vendor_format', ['foo@bar@baz=1,bar=2'], 'foo@bar@baz=1,bar=2'],
  ['tracestate_member_count_limit', [members(20), members(12)], `${members(20)},${members(12)}`],
  ['tracestate_member_count_limit', [members(20), members(13)], undefined],
  ['tracestate_key_length_limit', ['foo=1', `${'z'.repeat(256)}=1`], `foo=1,${'z'.repeat(256)}=1`],
  ['tracestate_key_length_limit', ['foo=1', `${'z'.repeat(257)}=1`], undefined],
  ['tracestate_value_illegal_characters', ['foo=bar=baz'], undefined],
  ['tracestate_value_illegal_characters', ['foo=,bar=3'], undefined],
  ['a value of 256 characters', [`foo=${'x'.repeat(256)}`], `foo=${'x'.repeat(256)}`],
  ['a value of 257 characters', [`foo=${'x'.repeat(257)}`], undefined],
  ['a value that begins with a space', ['foo= 1'], 'foo= 1'],
  ['a value of what is not ASCII', ['foo=é'], undefined],
  ['512 characters', [`${long('a', 256)},${long('b', 255)}`], `${long('a', 256)},${long('b', 255)}`],
  [
    'too long a text loses large members',
    [`a=1,${long('b', 250)},${long('c', 250)},d=4,${long('e', 128)}`],
    `a=1,${long('b', 250)},d=4,${long('e', 128)}`,
  ],
  [
    'then the last ones',
    [`${['a', 'b', 'c', 'd'].map((key) => long(key, 128)).join()},e=5`],
    ['a', 'b', 'c'].map((key) => long(key, 128)).join(),
  ],
]

function valuesOf(name: string, values: string[], flags: string | undefined): Traceparent[] {
  return values.map((value) => [name, [['traceparent', value]], flags])
}

function lines(name: string, ...values: string[]): Line[] {
  return values.map((value) => [name, value])
}

function versions(...values: string[]): string[] {
  return values.map((version) => VALID.replace('00', version))
}

function withFlags(...values: string[]): string[] {
  return values.map((value) => VALID.replace(/01$/, value))
}

/** A member of a length. */
function long(key: string, length: number): string {
  return `${key}=${'x'.repeat(length - 2)}`
}

const app = Fastify()
const log = new Capture()

beforeAll(async () => {
  await app.register(waybill, { destination: log })
  app.get('/', async () => propagationHeaders())
  await app.listen({ port: 0, host: '127.0.0.1' })
})

afterAll(() => app.close())

/** Sends header lines as they are, and says what would go on to another service. */
async function passOn(headers: readonly Line[]): Promise<Record<string, string>> {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(`GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${head}\r\n`, 'latin1')
  const answer = Buffer.concat(await socket.toArray()).toString('latin1')
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
}

test.each(TRACEPARENTS.map(titled))('%s: %s', async (_name, _shown, headers, flags) => {
  const before = log.lines.length
  const { traceparent, tracestate } = await passOn([...headers, ['tracestate', 'foo=1']])
  const events = log.lines.slice(before)
  expect(events).toHaveLength(2)
  if (flags === undefined) {
    for (const event of events) expect(event).not.toHaveProperty('trace_id')
    expect({ traceparent, tracestate }).toEqual({})
  } else {
    const fields = { trace_id: TRACE, span_id: SPAN, trace_flags: flags }
    expect(events).toMatchObject([fields, fields])
    expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-(?!${SPAN}|0{16})[0-9a-f]{16}-${flags}$`))
    expect(tracestate).toBe('foo=1')
  }
})

test.each(TRACESTATES.map(titled))('%s: %s', async (_name, _shown, values, goesOn) => {
  const { traceparent, tracestate } = await passOn([
    ['traceparent', VALID],
    ...lines('tracestate', ...values),
  ])
  expect(traceparent).toContain(TRACE)
  expect(tracestate).toBe(goesOn)
})

test('tracestate_header_name: other header names are ignored', async () => {
  for (const name of ['trace-state', 'trace.state'])
    expect(
      await passOn([
        ['traceparent', VALID],
        [name, 'foo=1'],
      ]),
    ).not.toHaveProperty('tracestate')
  for (const name of ['TraceState', 'TrAcEsTaTe', 'TRACESTATE'])
    expect(
      await passOn([
        ['traceparent', VALID],
        [name, 'foo=1'],
      ]),
    ).toHaveProperty('tracestate', 'foo=1')
})
