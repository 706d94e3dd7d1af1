import { expect, test } from 'vitest'
import { endingOf, isAccepted } from '../../src/request/outcome.js'

const none = {
  status: undefined,
  finished: false,
  left: false,
  timedOut: false,
  refused: false,
  routed: true,
  closing: false,
  upgraded: false,
}
const sent = { ...none, status: 200 }

test.each([
  ['finished', { ...sent, finished: true }, 'completed', 200],
  [
    'refused before any route had it',
    { ...none, status: 400, finished: true, routed: false },
    'rejected',
    400,
  ],
  ['answered by what is no route', { ...sent, finished: true, routed: false }, 'completed', 200],
  ['left half-way', { ...sent, left: true }, 'aborted', 200],
  ['left before any header', { ...none, left: true }, 'aborted', 499],
  ['left while the service closes', { ...none, left: true, closing: true }, 'aborted', 499],
  ['left within what it sent', { ...none, left: true, refused: true }, 'aborted', 499],
  ['broken off by the server', sent, 'destroyed', 200],
  ['broken off by the server before any header', none, 'destroyed', undefined],
  ['broken off by a service that closes', { ...sent, closing: true }, 'unfinished', 200],
  ['a timeout that was answered', { ...none, status: 503, finished: true, timedOut: true }, 'timeout', 503],
  ['a timeout before any header', { ...none, timedOut: true }, 'timeout', 408],
  ['what can not be parsed to its end', { ...none, status: 400, refused: true }, 'rejected', 400],
  ['a connection that became another thing', { ...none, status: 101, upgraded: true }, 'upgraded', 101],
] as const)('%s', (_case, signs, outcome, status) => {
  expect(endingOf(signs)).toEqual({ outcome, status })
})

test.each([
  ['GET', 101, true],
  ['GET', 200, false],
  ['GET', 401, false],
  ['CONNECT', 200, true],
  ['CONNECT', 204, true],
  ['CONNECT', 407, false],
  ['GET', undefined, false],
])('%s answered with %s: the connection became another thing: %s', (method, status, expected) => {
  expect(isAccepted(method, status)).toBe(expected)
})
