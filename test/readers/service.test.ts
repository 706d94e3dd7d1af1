import { expect, test } from 'vitest'
import { parse, runService } from './service.js'

test('the service brings its readers every kind of line that is hard to read', async () => {
  const texts = await runService('json')
  const lines = texts.map(parse)
  const completions = lines.filter(({ event }) => event === 'request.completed')
  const [failure] = completions.filter(({ status }) => status === 500)

  expect(lines.filter(({ event }) => event === 'request.started')).toHaveLength(completions.length)
  expect(new Set(completions.map(({ status }) => status))).toEqual(
    new Set([200, 204, 302, 400, 404, 499, 500, 503]),
  )
  expect(new Set(completions.map(({ outcome }) => outcome))).toEqual(
    new Set(['completed', 'aborted', 'rejected']),
  )
  expect(JSON.stringify(failure?.error).length).toBeGreaterThan(5000)
  expect(failure?.error).toMatchObject({ stack: expect.stringContaining('caused by: Error: connect') })
  expect(lines.filter(({ truncated }) => truncated === true).length).toBeGreaterThan(2)
  expect(Math.max(...texts.map((text) => Buffer.byteLength(text)))).toBeGreaterThan(7800)
  for (const hard of [
    '\n',
    '\r',
    '\x1b',
    '"',
    '\\',
    '\x7f',
    '\x85',
    '\u2028',
    '\u202e',
    '🚚',
    '\ufffd',
    '\uffff',
    '<3>',
  ])
    expect(lines.filter(({ message }) => message.includes(hard)).length, hard).toBeGreaterThan(0)
})
