import { expect, test } from 'vitest'
import { fitRecord } from '../../src/format/fit.js'
import { MAX_LINE_BYTES } from '../../src/vocabulary.js'

const keep = new Set(['level', 'path', 'message', 'error', 'truncated'])

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}

test('a record that fits is left as it is', () => {
  const record = { path: 'x'.repeat(7989) }
  expect(bytesOf(record)).toBe(MAX_LINE_BYTES)
  expect(fitRecord(record, MAX_LINE_BYTES, keep)).toBe(record)
})

test('a record one byte too long is cut and marked', () => {
  const fitted = fitRecord({ path: 'x'.repeat(7990) }, MAX_LINE_BYTES, keep)
  expect(bytesOf(fitted)).toBeLessThanOrEqual(MAX_LINE_BYTES)
  expect(fitted).toEqual({ path: expect.stringMatching(/^x{7900,}$/), truncated: true })
})

test('the longest values are cut to one length, and short ones not at all', () => {
  const record = {
    level: 'info',
    path: '/p'.repeat(300),
    message: 'm'.repeat(900),
    error: { stack: 's'.repeat(5000) },
  }
  const fitted = fitRecord(record, 2000, keep) as typeof record
  expect(bytesOf(fitted)).toBeLessThanOrEqual(2000)
  expect(bytesOf(fitted)).toBeGreaterThan(1990)
  expect(fitted.level).toBe('info')
  expect(fitted.path).toBe(record.path)
  expect(fitted.message.length).toBeLessThan(900)
  expect(Math.abs(bytesOf(fitted.message) - bytesOf(fitted.error))).toBeLessThanOrEqual(1)
})

test('lists and objects are cut inside, and nothing beside them', () => {
  const record = {
    level: 'error',
    error: { type: 'Error', message: 'm', errors: Array(5000).fill(1), stack: 's'.repeat(100) },
    user_id: 42,
    scores: Array(900).fill(0.123456789),
    ['k'.repeat(10_000)]: 1,
    last: 'kept',
  }
  const fitted = fitRecord(record, 2000, keep) as typeof record
  expect(bytesOf(fitted)).toBeLessThanOrEqual(2000)
  expect(fitted).toMatchObject({
    user_id: 42,
    last: 'kept',
    error: { type: 'Error', message: 'm', stack: 's'.repeat(100) },
  })
  expect(fitted.error.errors.length).toBeGreaterThan(100)
  expect(fitted.scores.length).toBeGreaterThan(10)
})

test('a field that is kept is cut however it is nested', () => {
  const deep = { a: { b: { c: Array(3000).fill({ d: 'x'.repeat(10) }) } } }
  expect(bytesOf(fitRecord({ error: deep, status: 200 }, 1000, keep))).toBeLessThanOrEqual(1000)
})

test('many thousands of fields are cut down in one pass', () => {
  const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`field_${index}`, index]))
  const fitted = fitRecord({ level: 'info', ...many }, 8000, keep)
  expect(bytesOf(fitted)).toBeLessThanOrEqual(8000)
  expect(Object.keys(fitted).length).toBeGreaterThan(300)
})

test('texts are cut between two characters, each of several bytes', () => {
  const fitted = fitRecord({ path: '😀'.repeat(1000), message: '"'.repeat(3000) }, 1000, keep)
  expect(bytesOf(fitted)).toBeLessThanOrEqual(1000)
  expect(fitted.path).toMatch(/^(?:😀)+$/u)
})

test('fields that are not kept are left out, last first, when cutting texts is not enough', () => {
  const added = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field_${index}`, index]))
  const fitted = fitRecord({ level: 'info', ...added, message: 'm' }, 1000, keep)
  expect(bytesOf(fitted)).toBeLessThanOrEqual(1000)
  expect(fitted).toMatchObject({ level: 'info', message: 'm', field_0: 0, truncated: true })
  expect(fitted).not.toHaveProperty('field_499')
})

test('the record that was given stays as it was', () => {
  const record = { path: 'x'.repeat(3000), error: { stack: 'y'.repeat(3000) } }
  fitRecord(record, 1000, keep)
  expect(record.path.length).toBe(3000)
  expect(record.error.stack.length).toBe(3000)
})
