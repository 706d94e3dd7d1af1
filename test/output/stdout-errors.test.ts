import { openSync } from 'node:fs'
import { expect, test } from 'vitest'
import { finish, SLOW_READER, startPiped, startProgram } from '../support/program.js'

test('a full disk (ENOSPC) leaves the service alive, with one message on stderr', async () => {
  const program = `
    import { createLogger } from 'waybill'
    const log = createLogger({ format: 'json' })
    for (let n = 0; n < 10; n++) {
      log.info({ n })
      await new Promise(setImmediate)
    }
    process.exitCode = 7
  `
  const run = await finish(startProgram(program, { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] }))
  expect(run.code).toBe(7)
  expect(run.stderr).toMatch(/^waybill: log lines are lost: stdout can't be written, Error: ENOSPC[^\n]*\n$/)
})

test('partial writes to a full pipe leave every line whole and in order', async () => {
  const program = `
    import { createLogger } from 'waybill'
    const log = createLogger({ format: 'json' })
    for (let n = 0; n < 500; n++) log.info({ n, text: 'é'.repeat(5000) })
  `
  const { stdout, stderr } = await finish(startPiped(program, SLOW_READER))
  expect(stderr).toBe('')
  const lines = stdout.trimEnd().split('\n')
  expect(Math.min(...lines.map((line) => Buffer.byteLength(line)))).toBeGreaterThan(7990)
  const numbers = lines.map((line) => (JSON.parse(line) as { n: number }).n)
  expect(numbers).toEqual(Array.from({ length: 500 }, (_, n) => n))
})
