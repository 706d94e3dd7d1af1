import { expect, test } from 'vitest'
import { mountPattern } from '../../src/request/url.js'

test.each([
  ['/api', {}, '/api'],
  ['/v1/acme', { org: 'acme' }, '/v1/:org'],
  ['/v1/acme/teams/7', { org: 'acme', team: '7' }, '/v1/:org/teams/:team'],
  ['/orgs/orgs', { org: 'orgs' }, '/orgs/:org'],
  ['/a/a/a', { one: 'a', two: 'a' }, '/a/:one/:two'],
  ['/v2', { major: '2' }, '/v:major'],
  ['/from-to', { start: 'from', end: 'to' }, '/:start-:end'],
  ['/11/1', { long: '11', short: '1' }, '/:long/:short'],
  ['/100/0', { much: '100', none: '0' }, '/:much/:none'],
  ['/a%20b', { name: 'a b' }, '/:name'],
  ['/%61%2Fb/c', { name: 'a/b' }, '/:name/c'],
  ['/files/a/b/c', { path: ['a', 'b', 'c'] }, '/files/*path'],
  ['/files/a/b', { 0: 'a/b' }, '/files/*'],
  ['/API/V1', {}, '/api/v1'],
  ['/Teams/Ada', { name: 'Ada' }, '/teams/:name'],
  ['/v1', { org: undefined }, '/v1'],
  ['/v1', { org: '' }, '/v1'],
  ['/%zz', {}, '/%zz'],
])('%s with %o was matched by %s', (matched, params, pattern) => {
  expect(mountPattern(matched, params, false)).toBe(pattern)
})

test('where the case of letters counts, it stays', () => {
  expect(mountPattern('/API/V1/Ada', { name: 'Ada' }, true)).toBe('/API/V1/:name')
})
