import fc from 'fast-check'
import { expect, test } from 'vitest'
import { durationText } from '../src/formats/quoted.js'

const micros = fc.nat(2e9).map((us) => us / 1000)

test('a duration is written as JavaScript writes its number', () => {
  fc.assert(
    fc.property(fc.oneof(micros, fc.double()), (ms) => {
      expect(durationText(ms)).toBe(String(ms))
    }),
    { numRuns: 5000 },
  )
})

test.each([0, -0, 0.001, 0.0004, 0.1, 1, 999.999, 1000, 999_999.999, 1e6, -1, Number.NaN, 1e21])(
  'so is %s',
  (ms) => {
    expect(durationText(ms)).toBe(String(ms))
  },
)
