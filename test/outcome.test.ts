import { expect, test } from 'vitest'
import { endingOf, unfinishedEnding } from '../src/rules/outcome.js'

const sent = { headersSent: true, statusCode: 200 }
const unsent = { headersSent: false, statusCode: 200 }
const none = { finished: false, broken: false, timedOut: false, upgraded: false }
const finished = { ...none, finished: true }
const reset = { ...sent, stream: { aborted: false, rstCode: 8 } }
const aborted = { ...sent, stream: { aborted: true, rstCode: 0 } }
const ended = { ...sent, stream: { aborted: false, rstCode: 0 } }

test.each([
  ['finished', sent, finished, 'completed', 200],
  ['left half-way', sent, none, 'aborted', 200],
  ['left before any header', unsent, none, 'aborted', 499],
  ['broken off by the server', sent, { ...none, broken: true }, 'destroyed', 200],
  ['an HTTP/2 stream that was reset', reset, finished, 'aborted', 200],
  ['an HTTP/2 stream whose client left', aborted, finished, 'aborted', 200],
  ['an HTTP/2 stream that ended well', ended, finished, 'completed', 200],
  [
    'a timeout that was answered',
    { ...sent, statusCode: 503 },
    { ...finished, timedOut: true },
    'timeout',
    503,
  ],
  ['a timeout before any header', unsent, { ...none, timedOut: true }, 'timeout', 408],
  ['a connection that was handed over', unsent, { ...none, upgraded: true }, 'upgraded', 101],
] as const)('%s', (_case, response, signs, outcome, status) => {
  expect(endingOf(response, signs)).toEqual({ outcome, status })
})

test('a request that is open at the end of the process has a status if one was sent', () => {
  expect(unfinishedEnding(sent)).toEqual({ outcome: 'unfinished', status: 200 })
  expect(unfinishedEnding(unsent)).toEqual({ outcome: 'unfinished', status: undefined })
})
