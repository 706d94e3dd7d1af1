import { expect, test } from 'vitest'
import type { LoggerOptions } from '../src/index.js'
import { finish, SLOW_READER, startPiped } from './support/program.js'

const LINES = 1000

/** Prints and logs numbered lines in turns of the event loop, more than any pipe holds. */
function printAndLog(options: LoggerOptions, before = ''): string {
  return `
    import { createLogger } from 'waybill'
    ${before}
    const log = createLogger(${JSON.stringify({ format: 'json', ...options })})
    for (let n = 0; n < ${LINES}; n++) {
      console.log(JSON.stringify({ printed: n, padding: 'p'.repeat(700) }))
      log.info({ n, padding: 'x'.repeat(300) })
      if (n % 10 === 0) await new Promise(setImmediate)
    }
  `
}

interface Line {
  readonly n?: number
  readonly printed?: number
}

function parse(stdout: string): Line[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

/** The lines that were logged, each of which must be a line of its own. */
function logged(stdout: string): Line[] {
  return stdout
    .split('\n')
    .filter((line) => line.includes('"n":'))
    .map((line) => JSON.parse(line) as Line)
}

const ALL = Array.from({ length: LINES }, (_, n) => n)

test.each([
  ['after', ''],
  ['before', 'console.log("{}")'],
])(
  'what a process prints, beginning %s its log is opened, and its log lines are whole in a slow pipe',
  async (_when, before) => {
    const run = await finish(startPiped(printAndLog({}, before), SLOW_READER))
    const lines = parse(run.stdout)
    expect(run.stderr).toBe('')
    expect(lines.flatMap(({ n }) => n ?? [])).toEqual(ALL)
    expect(lines.flatMap(({ printed }) => printed ?? [])).toEqual(ALL)
  },
)

test('log lines that wait for a slow pipe are whole, whatever the process prints', async () => {
  const options: LoggerOptions = { whenFull: 'block', maxHeldBytes: 50_000 }
  const { stdout } = await finish(startPiped(printAndLog(options), SLOW_READER))
  expect(logged(stdout).map(({ n }) => n)).toEqual(ALL)
})

test('log lines that are left when the process exits are whole, whatever it has printed', async () => {
  const { stdout } = await finish(startPiped(`${printAndLog({})} process.exit()`, SLOW_READER))
  expect(logged(stdout).map(({ n }) => n)).toEqual(ALL)
})

test('a process that prints nothing leaves its pipe blocking for others that share it', async () => {
  const source = `
    import fs from 'node:fs'
    import { createLogger } from 'waybill'
    createLogger({ format: 'json' }).info('line')
    await new Promise(setImmediate)
    const flags = fs.readFileSync('/proc/self/fdinfo/1', 'utf8').match(/flags:\\s*(\\d+)/)[1]
    process.stderr.write(String(Number.parseInt(flags, 8) & fs.constants.O_NONBLOCK))
  `
  expect((await finish(startPiped(source, 'cat'))).stderr).toBe('0')
})
