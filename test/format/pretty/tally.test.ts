import { expect, test } from 'vitest'
import { createPaint } from '../../../src/format/pretty/paint.js'
import type { Row } from '../../../src/format/pretty/row.js'
import { showTally, Tally } from '../../../src/format/pretty/tally.js'

const ROW = { kind: 'completion', time: 0, level: 'info', requestId: 'abc', fields: [] } as const
const plain = createPaint(false, false)

function tallyOf(rows: readonly Partial<Row>[]): Tally {
  const tally = new Tally()
  for (const row of rows) tally.count({ ...ROW, method: 'GET', path: '/a', ...row })
  return tally
}

test('a summary has the requests by how they ended, and the slowest three routes by their longest request', () => {
  const tally = tallyOf([
    { status: 200, outcome: 'completed', route: '/users/:id', durationMs: 12.3 },
    { status: 201, outcome: 'completed', route: '/users/:id', durationMs: 41.04 },
    { status: 302, outcome: 'completed', route: '/old', durationMs: 0.4 },
    { status: 404, outcome: 'completed', path: '/nowhere', durationMs: 4000 },
    { status: 500, outcome: 'completed', route: '/pay', method: 'POST', durationMs: 38.9 },
    { status: 499, outcome: 'aborted', route: '/report', durationMs: 9000 },
    { status: 101, outcome: 'upgraded', route: '/socket', durationMs: 9000 },
    { status: 200, outcome: 'unfinished', route: '/stream', durationMs: 9000 },
    { status: undefined, outcome: 'destroyed', route: '/report', durationMs: 1250 },
    { status: 400, outcome: 'rejected', method: undefined, path: undefined },
  ])
  expect(showTally(tally, 245_000, 80, plain)).toEqual([
    `─── 10 requests in 4m05s ${'─'.repeat(55)}`,
    'ended        2xx 2   3xx 1   4xx 2   5xx 1   client left 1   unanswered 1',
    '             unfinished 1   upgraded 1',
    'slowest             1.25s of 1     GET    /report',
    '                   41.0ms of 2     GET    /users/:id',
  ])
})

test('a summary fits a small window, and no path of a client breaks it', () => {
  const rows = ['/first/second/third/fourth/fifth', '/\x1b[31m\u202e'].map((path) => ({
    ...{ status: 200, outcome: 'completed', path, durationMs: 1 },
  }))
  const lines = showTally(tallyOf(rows), 400, 60, plain)
  expect(lines).toEqual([
    `─── 2 requests in 400ms ${'─'.repeat(36)}`,
    'ended        2xx 2',
    'slowest             1.0ms of 1     GET    /first/…/fifth',
    '                    1.0ms of 1     GET    /\\x1b[31m\\u202e',
  ])
  for (const columns of [20, 43, 44]) expect(showTally(tallyOf(rows), 400, columns, plain)).toHaveLength(4)
  expect(showTally(tallyOf(rows), 400, 1, plain)).toHaveLength(5)
})

test('a duration has the colour that it has in a row', () => {
  const rows = [1250, 600, 20].map((durationMs) => ({ status: 200, path: `/${durationMs}`, durationMs }))
  const lines = showTally(tallyOf(rows), 400, 80, createPaint(true, false)).slice(2)
  expect(lines.map((line) => /\x1b\[(\d+)m *[\d.]+m?s\x1b/.exec(line)?.[1])).toEqual(['31', '33', '2'])
})

test('one request has a singular', () => {
  expect(showTally(tallyOf([{ status: 200 }]), 400, 40, plain)[0]).toBe(
    `─── 1 request in 400ms ${'─'.repeat(17)}`,
  )
})

test('1,000 routes are compared, and how many requests were of others is said', () => {
  const rows = Array.from({ length: 1003 }, (_, at) => ({
    ...{ status: 200, outcome: 'completed', route: `/${at}`, durationMs: at },
  }))
  const tally = tallyOf([...rows, ...rows.slice(0, 2)])
  expect(tally.routes.size).toBe(1000)
  const [, ended, slowest] = showTally(tally, 400, 80, plain)
  expect(ended).toBe('ended        2xx 1005   3 beyond 1000 routes')
  expect(slowest).toBe('slowest             999ms of 1     GET    /999')
})
