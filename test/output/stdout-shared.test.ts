import type { ChildProcess } from 'node:child_process'
import { expect, test } from 'vitest'
import type { LoggerOptions } from '../../src/index.js'
import { finish, SLOW_READER, startPiped, startProgram, startSharing } from '../support/program.js'

const LINES = 400

/** Writes numbered lines, short ones, longer ones and such as are cut, in turns of the event loop. */
function writeMixed(options: LoggerOptions): string {
  return `
    import { createLogger } from 'waybill'
    const log = createLogger(${JSON.stringify({ format: 'json', maxHeldBytes: 100_000, ...options })})
    for (let n = 0; n < ${LINES}; n++) {
      log.info({ writer: process.pid, n, text: 'x'.repeat([10, 900, 9000][n % 3]) })
      if (n % 20 === 0) await new Promise(setImmediate)
    }
    process.disconnect?.()
  `
}

/** Runs a program in each of four workers of a cluster. */
function inCluster(worker: string): string {
  return `
    import cluster from 'node:cluster'
    const execArgv = ['--input-type=module', '--eval', ${JSON.stringify(worker)}]
    cluster.setupPrimary({ exec: '', execArgv })
    for (let worker = 0; worker < 4; worker++) cluster.fork()
  `
}

interface Written {
  readonly writer: number
  readonly n: number
  readonly event?: string
  readonly dropped: number
}

/** The lines of a stream, each of which must be whole and within a limit. */
function wholeLines(stdout: string, maxBytes: number): Written[] {
  const lines = stdout.split('\n')
  expect(lines.pop()).toBe('')
  const longest = Math.max(...lines.map((line) => line.length + 1))
  expect(longest).toBeLessThanOrEqual(maxBytes)
  expect(longest).toBeGreaterThan(maxBytes - 10)
  return lines.map((line) => JSON.parse(line) as Written)
}

/** The numbers that each process wrote, in the order in which they arrived. */
function numbersByWriter(lines: readonly Written[]): number[][] {
  const numbers = new Map<number, number[]>()
  for (const { writer, n, event } of lines) {
    if (event === undefined) numbers.set(writer, [...(numbers.get(writer) ?? []), n])
  }
  return [...numbers.values()]
}

const ALL = Array.from({ length: LINES }, (_, n) => n)

const SHARING: [string, number, (options: LoggerOptions) => ChildProcess][] = [
  ['four workers of a cluster', 4, (options) => startPiped(inCluster(writeMixed(options)), SLOW_READER)],
  [
    'eight processes with maxLineBytes: 4096',
    8,
    (options) => startSharing(writeMixed({ ...options, maxLineBytes: 4096 }), 8, SLOW_READER),
  ],
]

test.each(SHARING)(
  '%s sharing a slow pipe with whenFull: block lose no line',
  async (_who, processes, start) => {
    const { stdout, stderr } = await finish(start({ whenFull: 'block' }))
    expect(stderr).toBe('')
    const numbers = numbersByWriter(wholeLines(stdout, 4096))
    expect(numbers).toEqual(Array.from({ length: processes }, () => ALL))
  },
)

test.each(SHARING)(
  '%s sharing a slow pipe with whenFull: drop count every lost line',
  async (_who, processes, start) => {
    const { stdout, stderr } = await finish(start({ whenFull: 'drop' }))
    expect(stderr).toBe('')
    const lines = wholeLines(stdout, 4096)
    const numbers = numbersByWriter(lines)
    expect(numbers).toHaveLength(processes)
    for (const each of numbers) expect(each).toEqual(ALL.filter((n) => each.includes(n)))
    const dropped = lines.reduce((sum, line) => sum + (line.event === 'log.dropped' ? line.dropped : 0), 0)
    expect(dropped).toBeGreaterThan(0)
    expect(numbers.flat().length + dropped).toBe(processes * LINES)
  },
)

test('four workers of a cluster that share a socket lose no line of up to 8,000 bytes', async () => {
  const { stdout, stderr } = await finish(startProgram(inCluster(writeMixed({ whenFull: 'block' }))))
  expect(stderr).toBe('')
  const numbers = numbersByWriter(wholeLines(stdout, 8000))
  expect(numbers).toEqual(Array.from({ length: 4 }, () => ALL))
})
