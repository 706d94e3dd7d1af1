import { expect, test } from 'vitest'
import { describeError } from '../src/request/error.js'

class NotFound extends Error {}

class Named extends Error {
  override name = 'PaymentDeclined'
}

test.each([
  [new TypeError('broken'), 'TypeError', 'broken'],
  [new NotFound('gone'), 'NotFound', 'gone'],
  [new Named('card'), 'PaymentDeclined', 'card'],
  [new DOMException('left', 'AbortError'), 'AbortError', 'left'],
  ['a text', 'string', 'a text'],
  [42, 'number', '42'],
  [undefined, 'undefined', 'undefined'],
  [null, 'object', 'null'],
  [{ message: 'plain', statusCode: 418 }, 'Object', 'plain'],
  [Object.create(null), 'Error', ''],
  [Symbol('s'), 'symbol', 'Symbol(s)'],
])('describes %s', (thrown, type, message) => {
  expect(describeError(thrown, false)).toEqual({ type, message })
})

test('describes what throws when it is read', () => {
  const hostile = new Proxy(new Error('x'), {
    get() {
      throw new Error('no')
    },
  })
  expect(describeError(hostile, true)).toEqual({ type: 'Error', message: '' })
})

test('the stack has those of its causes below it, each once', () => {
  const root = new Error('socket closed')
  const middle = new Error('query failed', { cause: root })
  root.cause = middle
  const { stack } = describeError(new Error('no answer', { cause: middle }), true)
  expect(stack?.split('\n').filter((line) => !line.startsWith('    at '))).toEqual([
    'Error: no answer',
    'caused by: Error: query failed',
    'caused by: Error: socket closed',
  ])
})

test('what was being handled when it was thrown follows', () => {
  const { stack } = describeError(new Error('handler broke'), true, [new Error('first')])
  expect(stack?.split('\n').filter((line) => !line.startsWith('    at '))).toEqual([
    'Error: handler broke',
    'while handling: Error: first',
  ])
})
