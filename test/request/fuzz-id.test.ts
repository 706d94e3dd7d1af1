import fc from 'fast-check'
import { validate, version } from 'uuid'
import { expect, test } from 'vitest'
import type { RawRequest } from '../../src/options.js'
import { acceptRequestId, newUuid } from '../../src/request/id.js'
import { anyText } from '../fuzz/arbitraries.js'
import { FUZZ_TIMEOUT_MS, runs } from '../fuzz/runs.js'
import { startApp } from '../support/app.js'
import { ask, listen } from '../support/http.js'

/** The rule as it is documented. */
const ACCEPTABLE = /^[A-Za-z0-9][A-Za-z0-9._~+/=@:-]{0,127}$/

const wellFormed = fc.stringMatching(ACCEPTABLE)
const nearly = fc
  .tuple(
    wellFormed,
    fc.nat(129),
    fc.constantFrom('\n', ' ', ',', '"', '\0', 'é', '\u2028', '', 'x'.repeat(127)),
  )
  .map(([id, at, wrong]) => id.slice(0, at) + wrong + id.slice(at))
const anyId = fc.oneof(wellFormed, nearly, anyText)
const anyLines = fc.oneof(
  { weight: 4, arbitrary: anyId.map((id) => [id]) },
  { weight: 1, arbitrary: fc.array(anyId, { maxLength: 3 }) },
)

/** A request as Node.js hands it over: repeated lines joined, none as no header. */
function carrying(lines: readonly string[]): RawRequest {
  return {
    headers: lines.length === 0 ? {} : { 'x-request-id': lines.join(', ') },
    rawHeaders: lines.flatMap((line) => ['X-Request-Id', line]),
  } as unknown as RawRequest
}

test(
  'accepts a well-formed id from one header line unchanged, and repeats no other',
  () => {
    const rules = { headers: ['x-request-id'], trust: 'always', generate: newUuid } as const
    fc.assert(
      fc.property(anyLines, (lines) => {
        const accepted = acceptRequestId(carrying(lines), rules)
        const [only = ''] = lines
        if (lines.length === 1 && ACCEPTABLE.test(only)) {
          expect(accepted).toEqual({ id: only })
          return
        }
        const { id, rejected, ...rest } = accepted
        expect([validate(id), version(id), rest]).toEqual([true, 7, {}])
        expect(lines).not.toContain(id)
        if (lines.length === 0) expect(rejected).toBeUndefined()
        else if (lines.length > 1) expect(rejected).toBe('multiple')
        else expect(rejected).toBe(only.length > 0 && only.length <= 128 ? 'charset' : 'length')
      }),
      runs(1000),
    )
  },
  FUZZ_TIMEOUT_MS,
)

test(
  'over a socket, the response and both events have the accepted id or a new one',
  async () => {
    const { app, log } = await startApp()
    app.get('/', async () => '')
    const port = await listen(app)
    const sendable = anyLines.map((lines) =>
      lines.map((line) => line.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 1000)),
    )
    const property = fc.asyncProperty(sendable, async (lines) => {
      log.raw.length = 0
      const answer = await ask(port, '/', { headers: lines.length === 0 ? {} : { 'x-request-id': lines } })
      await log.completions(1)
      const events = log.lines.map(({ request_id: id }) => id)
      const id = String(answer.headers['x-request-id'])
      expect(events).toEqual([id, id])
      // Whitespace around a value is no part of it (RFC 9110, section 5.5).
      const trimmed = lines[0]?.replaceAll(/^[ \t]+|[ \t]+$/g, '') ?? ''
      if (lines.length === 1 && ACCEPTABLE.test(trimmed)) expect(id).toBe(trimmed)
      else expect([validate(id), lines.includes(id)]).toEqual([true, false])
    })
    await fc.assert(property, runs(100)).finally(() => app.close())
  },
  FUZZ_TIMEOUT_MS,
)
