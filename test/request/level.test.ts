import { expect, test } from 'vitest'
import { completionLevelOf } from '../../src/request/outcome.js'

test.each([
  [200, 'completed', 'info'],
  [304, 'completed', 'info'],
  [404, 'completed', 'warn'],
  [499, 'completed', 'warn'],
  [500, 'completed', 'error'],
  [503, 'completed', 'error'],
  [499, 'aborted', 'info'],
  [500, 'aborted', 'info'],
  [200, 'aborted', 'info'],
  [200, 'destroyed', 'info'],
] as const)('a request that ends %i %s is %s', (status, outcome, level) => {
  expect(completionLevelOf(status, outcome, false)).toBe(level)
})

test('a slow request is at least a warning', () => {
  expect(completionLevelOf(200, 'completed', true)).toBe('warn')
  expect(completionLevelOf(200, 'aborted', true)).toBe('warn')
  expect(completionLevelOf(500, 'completed', true)).toBe('error')
})
