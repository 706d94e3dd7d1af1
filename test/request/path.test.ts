import { expect, test } from 'vitest'
import { pathOf, queryOf } from '../../src/request/url.js'

test.each([
  ['/users/42', '/users/42', undefined],
  ['/users/42?page=2', '/users/42', 'page=2'],
  ['/a?b?c=/d', '/a', 'b?c=/d'],
  ['/a?', '/a', undefined],
  ['/a#frag?x=1', '/a', undefined],
  ['/a?x=1#frag', '/a', 'x=1'],
  ['*', '*', undefined],
  ['//evil.com/x', '//evil.com/x', undefined],
  ['http://user:secret@host:8080/path?x=1', '/path', 'x=1'],
  ['HTTPS://host', '/', undefined],
  ['http://host?x=1', '/', 'x=1'],
  ['/http://inner/path', '/http://inner/path', undefined],
  ['/%0a%0d%22', '/%0a%0d%22', undefined],
  ['', '/', undefined],
])('reads %j', (target, path, query) => {
  expect(pathOf(target)).toBe(path)
  expect(queryOf(target)).toBe(query)
})

test('decodes raw UTF-8, which arrives as one character a byte', () => {
  const target = Buffer.from('/😀?q=ü').toString('latin1')
  expect(pathOf(target)).toBe('/😀')
  expect(queryOf(target)).toBe('q=ü')
})

test('leaves raw bytes that are not UTF-8 as they are', () => {
  expect(pathOf('/\x9b31m')).toBe('/\x9b31m')
})
