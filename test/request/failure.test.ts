import { expect, test } from 'vitest'
import { describeError } from '../../src/request/error.js'
import { expectCpuWithin } from '../support/cpu.js'

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

test('the stack ends with the errors that were being handled', () => {
  const { stack } = describeError(new Error('handler broke'), true, [new Error('first')])
  expect(stack?.split('\n').filter((line) => !line.startsWith('    at '))).toEqual([
    'Error: handler broke',
    'while handling: Error: first',
  ])
})

/** The first lines of a stack, without the places in the code. */
function headsOf(thrown: unknown): string[] {
  const { stack = '' } = describeError(thrown, true)
  return stack.split('\n').filter((line) => !line.startsWith('    at '))
}

test('an error without a message takes those of its inner errors or its cause', () => {
  const refused = [new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')]
  const message = 'connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1'
  expect(describeError(new AggregateError(refused), false)).toEqual({ type: 'AggregateError', message })
  expect(describeError(new Error('', { cause: new AggregateError(refused) }), false).message).toBe(message)
  expect(describeError(new AggregateError(refused, 'no address'), false).message).toBe('no address')
  const many = new AggregateError(Array.from({ length: 1000 }, (_, at) => new Error(`error ${at}`)))
  expect(describeError(many, false).message).toBe('error 0; error 1; error 2; error 3; error 4; and 995 more')
})

test('the stack of a SuppressedError has both of its errors below it', () => {
  class SuppressedError extends Error {
    error = new Error('closing failed')
    suppressed = new Error('reading failed')
  }
  expect(headsOf(new SuppressedError('both failed'))).toEqual([
    'Error: both failed',
    'caused by 1 of 2: Error: closing failed',
    'caused by 2 of 2: Error: reading failed',
  ])
})

test('a stack does not repeat what the message of a body parser quotes', () => {
  const quoted = Object.assign(new SyntaxError('bad name hunter2'), { type: 'entity.parse.failed' })
  const { message, stack } = describeError(quoted, true)
  expect(message).toBe('the body could not be parsed')
  expect(stack).toMatch(/^SyntaxError: the body could not be parsed\n {4}at /)
  quoted.message = 'another hunter2'
  expect(describeError(quoted, true).stack).toMatch(/^SyntaxError: the body could not be parsed\n {4}at /)
})

test('the stack lists the inner errors of an AggregateError below it', () => {
  const cause = new Error('the disk is full')
  const failed = new AggregateError([new Error('one'), new TypeError('two', { cause })], 'both failed')
  expect(headsOf(new Error('no answer', { cause: failed }))).toEqual([
    'Error: no answer',
    'caused by: AggregateError: both failed',
    'caused by 1 of 2: Error: one',
    'caused by 2 of 2: TypeError: two',
    'caused by: Error: the disk is full',
  ])
})

test.each([
  ['a text', 'caused by: a text'],
  [42, 'caused by: 42'],
  [{ reason: 'full', retry: 3, nested: {} }, 'caused by: Object: {"reason":"full","retry":3}'],
  [{ message: 'full', code: 'ENOSPC' }, 'caused by: Object: full'],
  [{ accessToken: 'hunter2', user: 'ada' }, 'caused by: Object: {"accessToken":"[redacted]","user":"ada"}'],
  [['one', 'two'], 'caused by: Array: {"0":"one","1":"two"}'],
])('a cause that is not an error is below the stack: %j', (cause, line) => {
  expect(headsOf(new Error('broken', { cause }))).toEqual(['Error: broken', line])
})

test('limits how many causes and inner errors are described', () => {
  let deep: unknown = 'the first'
  for (let depth = 0; depth < 1000; depth++) deep = new Error(`error ${depth}`, { cause: deep })
  expect(headsOf(deep)).toHaveLength(6)
  const wide = new AggregateError(Array.from({ length: 100_000 }, () => deep))
  expect(headsOf(wide).length).toBeLessThan(13)
  const made = {
    get cause(): unknown {
      return Object.create(made)
    },
  }
  expect(headsOf(Object.assign(new Error('made'), { cause: made })).length).toBeLessThan(13)
})

const HUGE = 'x'.repeat(50_000_000)
const thrower = () => {
  throw new Error('no')
}
const hostile = (inner: object) =>
  new Proxy(inner, { get: thrower, getPrototypeOf: thrower, ownKeys: thrower })
const { proxy: revoked, revoke } = Proxy.revocable({}, {})
revoke()

const ODD: Record<string, unknown> = {
  'a symbol': Symbol('odd'),
  'a huge text': HUGE,
  'an object': { toString: thrower, message: HUGE },
  'a function': thrower,
  'a huge number': 2n ** 4_000_000n,
  'a proxy': hostile({}),
  'a proxy of a list': hostile([]),
  'a revoked proxy': revoked,
  'a list with a huge length': new Proxy([], { get: (_target, key) => (key === 'length' ? 1e15 : 'part') }),
  null: null,
  'a nameless object': Object.create(null),
}
const FIELDS = ['stack', 'name', 'message', 'code', 'type', 'cause', 'errors', 'constructor']

test.each(Object.entries(ODD))(
  'an error with %s in any of its fields is described, in little time and room',
  (_name, odd) => {
    const whole = new Error('whole')
    const thrown = [
      odd,
      ...FIELDS.flatMap((field) => [
        Object.defineProperty(new AggregateError([], 'odd'), field, { value: odd }),
        Object.defineProperty({}, field, { value: odd }),
      ]),
      new AggregateError([odd, odd]),
    ]
    expectCpuWithin(3000, () => {
      for (const each of thrown) {
        const failure = describeError(each, true, [odd, whole])
        for (const [key, value] of Object.entries(failure)) {
          expect(typeof value, key).toBe('string')
          expect(value.length).toBeLessThanOrEqual(key === 'stack' ? 16_000 : key === 'message' ? 8000 : 200)
        }
        expect(failure.stack?.includes('while handling: Error: whole')).toBe(true)
      }
    })
  },
)

test('an error whose fields all throw keeps its type', () => {
  const thrown = new RangeError('x')
  for (const field of FIELDS.filter((each) => each !== 'constructor'))
    Object.defineProperty(thrown, field, { get: thrower })
  expect(describeError(thrown, true)).toEqual({ type: 'RangeError', message: '' })
})

test('a message is cut between two characters', () => {
  const { message } = describeError(new Error(`x${'😀'.repeat(5000)}`), false)
  expect([message.length, message.isWellFormed()]).toEqual([7999, true])
})
