import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RequestRecord } from '../../src/request/record.js'
import { formatOf } from '../support/format.js'

/** A time near others, or far from them. */
const anyTime = fc.oneof(
  fc.integer({ min: 0, max: 5000 }).map((ms) => Date.UTC(2026, 11, 31, 23, 59, 57) + ms),
  fc
    .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
    .map((date) => date.getTime()),
)

test('combined: a line has the time of its own completion, in any order of completions', () => {
  const format = formatOf({ format: 'combined' })
  fc.assert(
    fc.property(anyTime, (time) => {
      const entry = { method: 'GET', path: '/', protocol: '1.1', time, status: 200 } as RequestRecord
      const [, day, month, year, clock] = new Date(time).toUTCString().split(' ')
      expect(format.completed(entry, 'info')).toBe(
        `- - - [${day}/${month}/${year}:${clock} +0000] "GET / HTTP/1.1" 200 0 "-" "-"\n`,
      )
    }),
  )
})
