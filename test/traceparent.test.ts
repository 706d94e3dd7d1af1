import { expect, test } from 'vitest'
import { readTraceparent } from '../src/rules/traceparent.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const read = { traceId: TRACE, spanId: SPAN, flags: '01' }

test.each([
  [`00-${TRACE}-${SPAN}-01`, read],
  [`00-${TRACE}-${SPAN}-00`, { ...read, flags: '00' }],
  [`cc-${TRACE}-${SPAN}-01-what-a-later-version-adds`, read],
  [`cc-${TRACE}-${SPAN}-01`, read],
  [`00-${TRACE}-${SPAN}-01-more`, undefined],
  [`ff-${TRACE}-${SPAN}-01`, undefined],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
  [`00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
  [`00-${TRACE.slice(1)}-${SPAN}-01`, undefined],
  [`00-${TRACE}-${SPAN}-1`, undefined],
  [`00-${TRACE}-${SPAN}`, undefined],
  [`cc-${TRACE}-${SPAN}-01.more`, undefined],
  [` 00-${TRACE}-${SPAN}-01`, undefined],
  [`00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`, undefined],
  ['', undefined],
  [undefined, undefined],
  [[`00-${TRACE}-${SPAN}-01`], undefined],
])('%s', (header, expected) => {
  expect(readTraceparent(header)).toEqual(expected)
})
