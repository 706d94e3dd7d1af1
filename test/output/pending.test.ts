import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PendingLines } from '../../src/output/pending.js'

const line = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `${text.replaceAll('\n', ' ')}\n`)
/** A line that is added, or how many bytes a reader takes at its next try. */
const step = fc.oneof(line, line, fc.nat({ max: 60 }))

test('writes all bytes in order, in pieces of whole lines, however much the reader takes', () => {
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 100 }), (steps, maxBytes) => {
      const held = new PendingLines(50)
      const read: Buffer[] = []
      const take = (bytes: number): boolean =>
        held.give(maxBytes, (chunk, offset, length) => {
          const piece = chunk.subarray(offset, offset + length)
          expect(piece.at(-1)).toBe(10)
          expect(length <= maxBytes || piece.indexOf(10) === length - 1).toBe(true)
          const taken = Math.min(length, bytes)
          read.push(Buffer.from(piece.subarray(0, taken)))
          return taken
        })
      for (const each of steps) {
        if (typeof each === 'number') take(each)
        else held.add(each)
      }
      while (take(Number.POSITIVE_INFINITY)) {}
      const added = steps.filter((each) => typeof each === 'string')
      expect(Buffer.concat(read)).toEqual(Buffer.from(added.join('')))
      expect(held.size).toBe(0)
    }),
  )
})

test('a new line starts after a line whose rest was lost', () => {
  const held = new PendingLines(50)
  const read: string[] = []
  const take = (bytes: number | undefined): boolean =>
    held.give(100, (chunk, offset, length) => {
      if (bytes !== undefined) read.push(chunk.toString('utf8', offset, offset + Math.min(bytes, length)))
      return bytes === undefined ? undefined : Math.min(bytes, length)
    })
  held.add('first\n')
  take(3)
  take(undefined)
  held.add('second\n')
  take(0)
  take(100)
  expect(read.join('')).toBe('fir\nsecond\n')
  expect(held.size).toBe(0)
})
