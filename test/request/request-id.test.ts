import { validate, version } from 'uuid'
import { expect, test } from 'vitest'
import type { RawRequest } from '../../src/options.js'
import { acceptRequestId, type IdRules, isRequestId, newUuid } from '../../src/request/id.js'
import { inShort } from '../support/titles.js'

const rules: IdRules = { headers: ['x-request-id'], trust: 'always', generate: () => 'made' }

function carrying(...lines: string[]): RawRequest {
  return {
    headers: lines.length === 0 ? {} : { 'x-request-id': lines.join(', ') },
    rawHeaders: lines.flatMap((line) => ['X-Request-ID', line]),
  } as unknown as RawRequest
}

const ACCEPTED = [
  'a',
  'abc-123',
  '0199a1b2-0000-7000-8000-000000000000',
  'A._~+/=@:-z',
  'Root=1-67891233-abcdef012345678912345678',
  'x'.repeat(128),
]

test.each(ACCEPTED.map((id) => [inShort(id), id]))('accepts %s as it is', (_shown, id) => {
  expect(acceptRequestId(carrying(id), rules)).toEqual({ id })
})

const REJECTED: [string, string][] = [
  ['', 'length'],
  ['x'.repeat(129), 'length'],
  ['-leading', 'charset'],
  ['a b', 'charset'],
  ['a,b', 'charset'],
  ['a\nb', 'charset'],
  ['a\n', 'charset'],
  ['a"b', 'charset'],
  ['\u009b31m', 'charset'],
  ['ünïcode', 'charset'],
  ['{jndi:ldap://x}', 'charset'],
]

test.each(REJECTED.map(([id, why]) => [inShort(id), why, id]))('replaces %j: %s', (_shown, rejected, id) => {
  expect(acceptRequestId(carrying(id), rules)).toEqual({ id: 'made', rejected })
})

test('replaces an id that two header lines carry, even the same one twice', () => {
  expect(acceptRequestId(carrying('abc', 'abc'), rules)).toEqual({ id: 'made', rejected: 'multiple' })
})

test('makes an id for a request that carries none', () => {
  expect(acceptRequestId(carrying(), rules)).toEqual({ id: 'made' })
})

test('the first header that is present decides', () => {
  const headers = { 'x-correlation-id': 'second', 'x-amzn-trace-id': 'a b' }
  const request = { headers, rawHeaders: [] } as unknown as RawRequest
  const names = ['x-request-id', 'x-correlation-id', 'x-amzn-trace-id']
  expect(acceptRequestId(request, { ...rules, headers: names })).toEqual({ id: 'second' })
})

test('logs a well-formed id that is not trusted beside the new one', () => {
  const never: IdRules = { ...rules, trust: 'never' }
  expect(acceptRequestId(carrying('abc'), never)).toEqual({ id: 'made', clientId: 'abc' })
})

test('asks the trust function about the request, and only about well-formed ids', () => {
  const asked: RawRequest[] = []
  const inside: IdRules = { ...rules, trust: (request) => asked.push(request) > 0 }
  const request = carrying('abc')
  expect(acceptRequestId(request, inside)).toEqual({ id: 'abc' })
  acceptRequestId(carrying('a b'), inside)
  expect(asked).toEqual([request])
})

test('a header name on Object.prototype is not read from a request without it', () => {
  expect(acceptRequestId(carrying(), { ...rules, headers: ['constructor', '__proto__'] })).toEqual({
    id: 'made',
  })
})

test('an async trust function trusts nothing, and its rejection is handled', async () => {
  const trust = (async () => {
    throw new Error('too late')
  }) as unknown as () => boolean
  expect(acceptRequestId(carrying('abc'), { ...rules, trust })).toEqual({ id: 'made', clientId: 'abc' })
  await new Promise(setImmediate)
})

test.each([
  [
    'throws',
    () => {
      throw new Error('broken')
    },
  ],
  ['returns no boolean', () => 'yes' as unknown as boolean],
])('does not trust an id when the trust function %s', (_case, trust) => {
  expect(acceptRequestId(carrying('abc'), { ...rules, trust })).toEqual({ id: 'made', clientId: 'abc' })
})

test.each([
  [
    'throws',
    () => {
      throw new Error('broken')
    },
  ],
  ['returns what is no id', () => 'a\r\nSet-Cookie: x'],
  ['returns no text', () => 7 as unknown as string],
])('uses a UUID when the generator %s', (_case, generate) => {
  expect(validate(acceptRequestId(carrying(), { ...rules, generate }).id)).toBe(true)
})

test('new ids are version 7 UUIDs, all different, ordered by time', async () => {
  const ids = Array.from({ length: 2000 }, newUuid)
  expect(ids.every((id) => validate(id) && version(id) === 7 && isRequestId(id))).toBe(true)
  expect(new Set(ids).size).toBe(ids.length)
  const times = ids.map((id) => id.slice(0, 13))
  expect(times).toEqual([...times].sort())
  expect(
    Math.abs(Number.parseInt((ids[0] ?? '').replaceAll('-', '').slice(0, 12), 16) - Date.now()),
  ).toBeLessThan(60_000)
})
