import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ids } from '../../../src/format/pretty/ids.js'
import {
  displayWidth,
  readablePath,
  shortenPath,
  visibleText,
  wrap,
} from '../../../src/format/pretty/text.js'
import { anyText } from '../../fuzz/arbitraries.js'

test.each([
  ['abc', 3],
  ['日本', 4],
  ['한국', 4],
  ['\u1112\u1161\u11ab', 2],
  ['ｆｕｌｌ', 8],
  ['e\u0301', 1],
  ['naïve', 5],
  ['😀', 2],
  ['🇫🇷', 2],
  ['→…│', 3],
  ['\x1b[38;5;33mab\x1b[39m', 2],
])('%j takes %i columns', (text, columns) => {
  expect(displayWidth(text)).toBe(columns)
})

test.each([
  ['/%E6%97%A5%E6%9C%AC', '/日本'],
  ['/caf%C3%A9/%2e%2E', '/café/%2e%2E'],
  ['/%20%2F%3F%25', '/%20%2F%3F%25'],
  ['/%E2%80%AE/%C2%9B/%C2%A0/%E2%80%A8', '/%E2%80%AE/%C2%9B/%C2%A0/%E2%80%A8'],
  ['/%D8%9C%ED%A0%80%FF%C3', '/%D8%9C%ED%A0%80%FF%C3'],
  ['/%F0%9F%98%80', '/😀'],
  ['/%F3%A0%80%81', '/%F3%A0%80%81'],
  ['/100%', '/100%'],
])('the path %s reads %s', (path, shown) => {
  expect(readablePath(path)).toBe(shown)
})

test.each([
  ['/short', 20, '/short'],
  ['/first/second/third/last', 18, '/first/…/last'],
  ['/first/second/third/last', 20, '/first/…/third/last'],
  ['/nothing-but-one-long-word', 12, '/noth…g-word'],
  ['/日本日本日本日本日本', 10, '/日…日本'],
])('the path %s in %i columns reads %s', (path, columns, shown) => {
  expect(shortenPath(path, columns)).toBe(shown)
})

test('a shortened path is never wider than it may be', () => {
  fc.assert(
    fc.property(
      fc.oneof(anyText.map(visibleText), fc.webPath()),
      fc.integer({ min: 15, max: 60 }),
      (path, columns) => {
        expect(displayWidth(shortenPath(`/${path}`, columns))).toBeLessThanOrEqual(columns)
      },
    ),
  )
})

test('no control, change of direction or invisible character stays in a visible text', () => {
  const every = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code)).join('')
  const shown = visibleText(every)
  expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
  for (const code of [
    '\\u061c',
    '\\u200b',
    '\\u200f',
    '\\u202a',
    '\\u2069',
    '\\ufeff',
    '\\x00',
    '\\x9f',
    '\\ud800',
  ])
    expect(shown).toContain(code)
})

test('lines break between pieces, and between the words of a piece that is longer than a line', () => {
  expect(wrap(['aa', 'bb', 'cc'], 5)).toEqual(['aa bb', 'cc'])
  expect(wrap(['aa', 'bb'], 5, 1)).toEqual(['', 'aa bb'])
  expect(wrap(['a', 'one two three'], 7)).toEqual(['a one', 'two', 'three'])
  expect(wrap(['unbreakable', 'b'], 5)).toEqual(['unbreakable', 'b'])
  expect(wrap(['日本', '日本'], 8)).toEqual(['日本', '日本'])
  expect(wrap([], 5)).toEqual([''])
})

const uuid = (end: string, version = '7'): string => `0199a1b2-0000-${version}000-8000-0000${end}`

test('of a UUID the end is shown, any other id is shown whole up to 24 characters', () => {
  const ids = new Ids(8)
  expect(ids.show(uuid('deadbeef'))).toBe('deadbeef')
  expect(ids.show('my-own-id')).toBe('my-own-id')
  expect(ids.show('x'.repeat(24))).toBe('x'.repeat(24))
  expect(ids.show('x'.repeat(25))).toBe(`${'x'.repeat(23)}…`)
})

test('ids that would look the same are shown whole from then on', () => {
  const ids = new Ids(8)
  expect(ids.show(uuid('deadbeef'))).toBe('deadbeef')
  expect(ids.show(uuid('deadbeef', '4'))).toBe(uuid('deadbeef', '4'))
  expect(ids.show(uuid('deadbeef'))).toBe(uuid('deadbeef'))
  for (let n = 0; n < 200; n++) ids.show(uuid(String(n).padStart(8, '0')))
  expect(ids.show(uuid('deadbeef'))).toBe('deadbeef')
})

test('each open id has a colour of its own while there are enough, and keeps it until it is closed', () => {
  const ids = new Ids(8)
  const colors = Array.from({ length: 8 }, (_, n) => ids.open(`id ${n}`))
  expect(new Set(colors).size).toBe(8)
  expect(ids.colorOf('id 3')).toBe(colors[3])
  expect(ids.close('id 3')).toBe(colors[3])
  expect(ids.close('id 3')).toBeUndefined()
  expect(ids.colorOf('id 3')).toBeUndefined()
  expect(ids.open('another')).toBe(colors[3])
  for (let n = 0; n < 1000; n++) expect(ids.open(`more ${n}`)).toBeLessThan(8)
})
