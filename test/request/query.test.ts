import { expect, test } from 'vitest'
import { redactQuery } from '../../src/request/url.js'

test.each([
  ['page=2&token=s3cret', 'page=2&token=[redacted]'],
  ['token=s3cret&page=2&page=3', 'token=[redacted]&page=2&page=3'],
  ['s3cret', '[redacted]'],
  ['page', 'page'],
  ['%70age=2', '%70age=2'],
  ['sort+by=name', 'sort+by=name'],
  ['page%00=2', 'page%00=[redacted]'],
  ['%zz=1', '%zz=[redacted]'],
  ['a=b=c', 'a=[redacted]'],
  ['=x', '=[redacted]'],
  ['&&page=1&', '&&page=1&'],
])('writes %j as %j', (query, redacted) => {
  expect(redactQuery(query, new Set(['page', 'sort by']))).toBe(redacted)
})
