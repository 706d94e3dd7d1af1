import { expect, test, vi } from 'vitest'
import { remembering } from '../src/formats/remember.js'
import { sayTogether } from '../src/formats/steady.js'

test('remembers what values say, but of long texts nothing: clients make up methods', () => {
  const say = vi.fn(String)
  const remembered = remembering(say)
  const long = 'M'.repeat(257)
  expect([remembered('GET'), remembered('GET'), remembered(long), remembered(long)]).toEqual([
    'GET',
    'GET',
    long,
    long,
  ])
  expect(say).toHaveBeenCalledTimes(3)
})

test('remembers what values say together, in whichever order they come', () => {
  const write = vi.fn(String)
  const say = sayTogether([
    '{',
    { key: '"route":', write, holds: 'often' },
    { key: ',"status":', write, holds: 'often' },
  ])
  const routes = ['/a', '/b', undefined, '/a', '/b', undefined]
  const said = routes.flatMap((route) => [say(route, 200), say(route, undefined)])
  const once = [
    '{"route":/a,"status":200',
    '{"route":/a',
    '{"route":/b,"status":200',
    '{"route":/b',
    '{,"status":200',
    '{',
  ]
  expect(said).toEqual([...once, ...once])
  expect(write).toHaveBeenCalledTimes(7)
  say('r'.repeat(257), undefined)
  say('r'.repeat(257), undefined)
  expect(write).toHaveBeenCalledTimes(9)
})
