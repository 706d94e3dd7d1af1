import fc from 'fast-check'
import { expect, test } from 'vitest'
import { numberText } from '../../src/format/json.js'

test('a number is written as String() writes it, with or without three decimals', () => {
  const thousandths = fc.integer({ min: -1e10, max: 1e10 }).map((number) => number / 1000)
  const numbers = fc.oneof(
    thousandths,
    fc.double(),
    fc.integer(),
    fc.constantFrom(0, -0, 0.5, 999_999.999, 1e6),
  )
  fc.assert(
    fc.property(numbers, (number) => {
      expect(numberText(number)).toBe(String(number))
    }),
    { numRuns: 5000 },
  )
})
