import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileParts, joinByClosures, type Part } from '../../src/format/join.js'

/** Values that come again and values that do not, and those that say nothing. */
const anyValue = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(undefined, 'GET', 200, true, '', 'nothing') },
  { weight: 1, arbitrary: fc.oneof(fc.string(), fc.integer(), fc.double(), fc.constant({ a: 1 })) },
)

/** A field that writes its name and a value, and nothing of the value `nothing`. */
function field(at: number): Part {
  return {
    read: (values: readonly unknown[]) => values[at],
    write: (value) => (value === 'nothing' ? '' : `,f${at}:${JSON.stringify(value)}`),
  }
}

function spread(at: number): Part {
  return (values: readonly unknown[]) => (values[at] === undefined ? '' : `,s${at}:${String(values[at])}`)
}

test('a compiled line equals the plain one, for any values and any repetition', () => {
  const anyParts = fc.array(fc.boolean(), { maxLength: 6 })
  const anyLines = fc.array(fc.array(anyValue, { minLength: 6, maxLength: 6 }), {
    minLength: 1,
    maxLength: 40,
  })
  fc.assert(
    fc.property(anyParts, anyLines, (kinds, lines) => {
      const parts = kinds.map((isField, at) => (isField ? field(at) : spread(at)))
      const compiled = compileParts(parts)
      const plain = joinByClosures(parts)
      for (const line of lines) expect(compiled(line as never, 'info')).toBe(plain(line as never, 'info'))
    }),
    { numRuns: 500 },
  )
})

test('a value is the same when it comes again after thousands of others', () => {
  const parts = [field(0), field(1)]
  const compiled = compileParts(parts)
  const plain = joinByClosures(parts)
  for (let count = 0; count < 5000; count++) {
    for (const line of [
      [count, 'GET'],
      [count >> 4, count % 3],
    ])
      expect(compiled(line as never, 'info')).toBe(plain(line as never, 'info'))
  }
})
