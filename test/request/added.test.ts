import { expect, test } from 'vitest'
import { AddedFields } from '../../src/request/fields.js'
import { createRedactor } from '../../src/request/redact.js'
import { expectCpuWithin } from '../support/cpu.js'
import { nextWarning } from '../support/warnings.js'

const redactor = createRedactor([])
const reserved = new Set(['status', '__proto__'])

function add(...calls: unknown[]): AddedFields {
  const added = new AddedFields()
  for (const fields of calls) added.add(fields, reserved, redactor)
  return added
}

function written(...calls: unknown[]): unknown {
  return Object.fromEntries(add(...calls).fields)
}

test('keeps what JSON can hold as it is', () => {
  const fields = {
    text: 'a',
    number: 1.5,
    yes: true,
    none: null,
    list: [1, ['a']],
    nested: { deep: { er: 1 } },
  }
  expect(written(fields)).toEqual(fields)
})

test('a later value replaces an earlier one of the same name', () => {
  expect(written({ a: 1, b: 1 }, { a: 2 })).toEqual({ a: 2, b: 1 })
})

test('copies a value when it is added, not when it is logged', () => {
  const user = { name: 'Ada' }
  const added = add({ user })
  user.name = 'changed'
  expect(added.fields.get('user')).toEqual({ name: 'Ada' })
})

test('writes BigInt, NaN and Infinity as text', () => {
  expect(written({ big: 2n ** 70n, nan: Number.NaN, infinite: -Infinity })).toEqual({
    big: '1180591620717411303424',
    nan: 'NaN',
    infinite: '-Infinity',
  })
})

test('writes dates, maps, sets, errors and bytes in a readable form', () => {
  const { error, ...others } = written({
    date: new Date(0),
    map: new Map([['a', 1]]),
    set: new Set([1, 2]),
    bytes: Buffer.from('secret'),
    error: new TypeError('broken'),
  }) as Record<string, unknown>
  expect(others).toEqual({
    date: '1970-01-01T00:00:00.000Z',
    map: { a: 1 },
    set: [1, 2],
    bytes: '[Buffer of 6 bytes]',
  })
  expect(error).toEqual({
    type: 'TypeError',
    message: 'broken',
    stack: expect.stringContaining('TypeError: broken'),
  })
})

test('loses functions, symbols and undefined, and nothing beside them', () => {
  expect(written({ a: () => 1, b: Symbol('s'), c: undefined, list: [() => 1, 2], d: 1 })).toEqual({
    list: [null, 2],
    d: 1,
  })
})

test('marks a cycle where it closes, but not a value that appears twice', () => {
  const user: Record<string, unknown> = { name: 'Ada' }
  user.self = user
  const shared = { a: 1 }
  expect(written({ user, twice: [shared, shared] })).toEqual({
    user: { name: 'Ada', self: '[Circular]' },
    twice: [shared, shared],
  })
})

test('marks a property that throws when it is read, and keeps the others', () => {
  const thrower = () => {
    throw new Error('no')
  }
  const nested = Object.defineProperty({ fine: 1 }, 'bad', { enumerable: true, get: thrower })
  const top = Object.defineProperty({ fine: 2 }, 'bad', { enumerable: true, get: thrower })
  const proxy = new Proxy({}, { ownKeys: thrower })
  expect(written({ nested, json: { toJSON: thrower }, proxy }, top, proxy)).toEqual({
    nested: { fine: 1, bad: '[Thrown]' },
    json: '[Thrown]',
    proxy: {},
    fine: 2,
    bad: '[Thrown]',
  })
})

test('cuts values that are too long, too deep or too many, and marks them as cut', () => {
  const deep: unknown[] = []
  let inner = deep
  for (let depth = 0; depth < 100_000; depth++) {
    const next: unknown[] = []
    inner.push(next)
    inner = next
  }
  for (const fields of [{ text: 'x'.repeat(1_000_000) }, { deep }, { wide: Array(1_000_000).fill(1) }]) {
    const added = add(fields, { after: 1 })
    expect(added.cut).toBe(true)
    expect(added.fields.get('after')).toBe(1)
    expect(JSON.stringify([...added.fields]).length).toBeLessThan(10_000)
  }
  expect(add({ text: 'x'.repeat(1000) }).cut).toBe(false)
})

test('warns about a reserved name and adds the other fields', async () => {
  const warning = nextWarning()
  expect(written({ status: 999, user_id: 42 })).toEqual({ user_id: 42 })
  expect(await warning).toEqual({
    code: 'WAYBILL_WARN_FIELD',
    message: 'waybill: no field can be named "status": the name is reserved; it was left out',
  })
})

test('calls toJSON once, as JSON.stringify does', () => {
  const self = { v: 1, toJSON: () => self }
  const spread = { v: 2, toJSON: () => ({ ...spread }) }
  expect(written({ self, spread })).toEqual({ self: { v: 1 }, spread: { v: 2 } })
})

test('drops the rest of a list that is too long, not the field beside it', () => {
  expect(add({ list: Array(5000).fill(1), user_id: 42 }).fields.get('user_id')).toBe(42)
})

test('adds at most 1,000 fields', () => {
  const many = (name: string) =>
    Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`${name}_${index}`, 1]))
  const added = add(many('a'), many('b'))
  expect([added.fields.size, added.cut]).toEqual([1000, true])
})

test('adds nothing from a revoked proxy', () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  expect(written(proxy)).toEqual({})
})

test('a field named __proto__ changes no prototype', () => {
  const hostile: unknown = JSON.parse(
    '{"__proto__":{"polluted":1},"nested":{"__proto__":{"polluted":1}},"a":1}',
  )
  const added = add(hostile)
  expect([...added.fields.keys()]).toEqual(['nested', 'a'])
  expect(JSON.stringify(added.fields.get('nested'))).toBe('{"__proto__":{"polluted":1}}')
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test.each([['a text'], [42], [null], [['a']]])('takes no fields from %j, and throws nothing', (fields) => {
  expect(written(fields)).toEqual({})
})

test('keys that differ only in unsafe characters are one key, with the last value', () => {
  const added = new AddedFields()
  added.add({ 'a\0': 1, 'a\ud800': 2, nested: { '\udc00': 3, '\ufffd': 4 } }, new Set(), redactor)
  expect([...added.fields]).toEqual([
    ['a\ufffd', 2],
    ['nested', { '\ufffd': 4 }],
  ])
})

test('keeps a thousand of very many keys, and reads no others', () => {
  let reads = 0
  const keys = Array.from({ length: 20_000 }, (_, at) => `key_${at}`)
  const many = new Proxy(Object.fromEntries(keys.map((key) => [key, 1])), {
    get: (target, key) => {
      reads++
      return Reflect.get(target, key)
    },
  })
  const top = add(many, { after: 1 })
  expect([top.fields.size, top.cut, reads]).toEqual([1000, true, 1000])
  const nested = add({ many, after: 1 })
  expect([nested.fields.get('after'), nested.cut]).toEqual([1, true])
  expect(reads).toBeLessThan(2010)
})

test('all fields of a request share one limit on their size', () => {
  const text = 'x'.repeat(7000)
  const added = new AddedFields()
  for (let at = 0; at < 1000; at++)
    added.add({ [`field_${at}`]: { [text]: text }, [`${text}_${at}`]: text }, reserved, redactor)
  expect(added.cut).toBe(true)
  expect(JSON.stringify([...added.fields]).length).toBeLessThan(80_000)
})

test('a replaced value frees its space for other fields', () => {
  const added = new AddedFields()
  for (let at = 0; at < 1000; at++) added.add({ progress: `${at}${'x'.repeat(500)}` }, reserved, redactor)
  added.add({ progress: 'done', user_id: 42 }, reserved, redactor)
  expect([Object.fromEntries(added.fields), added.cut]).toEqual([{ progress: 'done', user_id: 42 }, false])
})

test.each<[string, object]>([
  ['a text of 50 MB', { value: 'x'.repeat(50_000_000) }],
  ['a boxed text of 50 MB', { value: new String('x'.repeat(50_000_000)) }],
  ['a key of 50 MB', { ['x'.repeat(50_000_000)]: 1 }],
  ['an inner key of 50 MB', { value: { ['x'.repeat(50_000_000)]: 1 } }],
  ['a number of a million digits', { value: 2n ** 4_000_000n }],
  ['a list of a billion items', { value: Array(1e9) }],
  [
    'a set without an end',
    {
      value: Object.assign(new Set(), {
        *[Symbol.iterator]() {
          for (;;) yield 1
        },
      }),
    },
  ],
  [
    'an error with 50 MB of everything',
    { value: Object.assign(new Error('x'.repeat(50_000_000)), { name: 'x'.repeat(50_000_000) }) },
  ],
  [
    'a text that is never plain',
    { value: Object.assign(new String('x'), { valueOf: () => new String('x') }) },
  ],
])('%s is copied in little time and space', (_name, fields) => {
  expectCpuWithin(1000, () => {
    const added = add(fields, { after: 1 })
    expect(added.fields.get('after')).toBe(1)
    expect(JSON.stringify([...added.fields]).length).toBeLessThan(40_000)
  })
})

test('a key that is cut is marked', () => {
  const long = 'x'.repeat(1001)
  expect([
    add({ [long]: 1 }).cut,
    add({ inner: { [long]: 1 } }).cut,
    add({ [long.slice(1)]: 1 }).cut,
  ]).toEqual([true, true, false])
})
