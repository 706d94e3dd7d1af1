import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LogRow } from '../../../src/format/log-line.js'
import { prettyFormat } from '../../../src/format/pretty/index.js'

const ORDERS = `export async function pay(order) {
  const answer = await ask('acme-pay', order)
  if (answer.ok) return answer
  throw new PaymentError('acme-pay does not answer', answer)
}`

const NOTHING = {
  level: 'info',
  message: '',
  trace: undefined,
  tracerIds: undefined,
  error: undefined,
} as const

/** A line of data at so many milliseconds behind ten o'clock. */
function row(ms: number, requestId: string, fields: object, beside: Partial<LogRow> = {}): LogRow {
  const time = Date.UTC(2026, 10, 23, 10) + ms
  const event = 'status' in fields ? 'request.completed' : 'request.started'
  return { ...NOTHING, time, requestId, event, truncated: false, fields: Object.entries(fields), ...beside }
}

const FIRST = '01a205d3-af6c-735b-aafc-35e1837b7b96'
const SECOND = '01a205d3-b082-7c11-9d0c-5d290aa5e2c1'

test('docs/terminal.md shows the view as it is', () => {
  const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-readme-')))
  mkdirSync(join(cwd, 'src'))
  writeFileSync(join(cwd, 'src/orders.js'), ORDERS)
  const frames = (paths: string[]): string => paths.map((path) => `\n    at ${path}`).join('')
  const library = Array(7).fill(`f (${cwd}/node_modules/fastify/lib/reply.js:1:1)`)
  const own = [`pay (file://${cwd}/src/orders.js:4:9)`, `async Object.<anonymous> (${cwd}/src/app.js:12:3)`]
  const all = frames([...own, ...library, 'process.processTicks (node:internal/process/task_queues:95:5)'])
  const message = 'acme-pay does not answer'
  const cause = `caused by: Error: connect ECONNREFUSED 10.0.0.7:443${frames(['connect (node:net:1611:16)'])}`
  const error = {
    type: 'PaymentError',
    code: 'E_PAY',
    message,
    stack: `PaymentError: ${message}${all}\n${cause}`,
  }
  const user = { method: 'GET', path: '/users/42' }
  const pay = { method: 'POST', path: '/orders/a1/pay' }
  const calls = { count: 2, total_ms: 38.2, failed: 0 }
  const added = { order_id: 'a1', provider: 'acme-pay' }
  const lines = [
    row(123, FIRST, user),
    row(124, FIRST, { found: true }, { event: undefined, message: 'looking up user' }),
    row(135, FIRST, { ...user, status: 200, duration_ms: 12.304, response_bytes: 27 }),
    row(312, 'my-own-id', {
      method: 'GET',
      path: '/report',
      status: 499,
      duration_ms: 312,
      outcome: 'aborted',
    }),
    row(
      404,
      SECOND,
      { ...pay, status: 500, duration_ms: 38.9, response_bytes: 124, calls, ...added },
      { error, level: 'error' },
    ),
  ]
  const terminal = { isShared: false, manyColors: false, columns: () => 80, cwd }
  const format = prettyFormat(
    { started: [], running: [], completed: [] },
    { colors: false, maxLineBytes: 8000, terminal },
  )
  const shown = lines.map((line) => format.logLine(line)).join('')
  rmSync(cwd, { recursive: true })
  const page = readFileSync(new URL('../../../docs/terminal.md', import.meta.url), 'utf8')
  const sample = /```text\n(.*?)```/s.exec(page)?.[1]
  expect(shown).toBe(sample)
})
