import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { finish, type Run, startPiped, startProgram, startUnread } from '../support/program.js'

/** Replaces `process.stdout.write` by a function that keeps what it is given, and shows it on stderr at the end. */
const REPLACE = `
  const taken = []
  const original = process.stdout.write
  const replace = () => { process.stdout.write = (text) => taken.push(text) }
  const restore = () => { process.stdout.write = original }
  process.on('exit', () => process.stderr.write(JSON.stringify(taken)))
`
/** Shows on stderr at the end how often the process has waited for a reader. */
const COUNT_WAITS = `
  let waits = 0
  const { wait } = Atomics
  Atomics.wait = (...given) => { waits++; return wait(...given) }
  process.on('exit', () => process.stderr.write(waits + ' waits'))
`
const LOG = `
  import { createLogger } from 'waybill'
  const log = createLogger({ format: 'json' })
`

/** The messages of some lines, each of which must be whole. */
function messagesOf(lines: readonly string[]): unknown[] {
  return lines.map((line) => {
    expect(line.endsWith('\n')).toBe(true)
    return (JSON.parse(line) as { message: unknown }).message
  })
}

/** What went to the replacement of a program, call by call, and what went to its stdout. */
function read({ stdout, stderr }: Run): { replaced: unknown[]; written: unknown[] } {
  return {
    replaced: messagesOf(JSON.parse(stderr) as string[]),
    written: messagesOf(stdout.split(/(?<=\n)/).filter((line) => line !== '')),
  }
}

/** Runs a program with its stdout in a socket, a pipe and a file. */
async function runEach(source: string): Promise<ReturnType<typeof read>[]> {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-'))
  try {
    const file = join(folder, 'out.log')
    const runs = await Promise.all([
      finish(startProgram(source)),
      finish(startPiped(source, 'cat')),
      finish(startProgram(source, { stdio: ['ignore', openSync(file, 'w'), 'pipe'] })),
    ])
    return runs.map((run, at) => read(at === 2 ? { ...run, stdout: readFileSync(file, 'utf8') } : run))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('a replaced process.stdout.write gets each line at once, in a call of its own', async () => {
  const program = `${LOG} ${REPLACE}
    replace()
    log.info('one')
    log.info('two')
    if (taken.length !== 2) log.info('these were late')
  `
  const expected = { replaced: ['one', 'two'], written: [] }
  expect(await runEach(program)).toEqual([expected, expected, expected])
})

test('a process.stdout.write replaced for a while gets the lines of that time', async () => {
  const program = `${LOG} ${REPLACE}
    log.info('before')
    await new Promise(setImmediate)
    for (const n of [1, 2]) {
      replace()
      log.info('replaced ' + n)
      restore()
      log.info('restored ' + n)
      await new Promise(setImmediate)
    }
  `
  const expected = {
    replaced: ['replaced 1', 'replaced 2'],
    written: ['before', 'restored 1', 'restored 2'],
  }
  expect(await runEach(program)).toEqual([expected, expected, expected])
})

test('events go through a replaced process.stdout.write too', async () => {
  const program = `${REPLACE}
    import Fastify from 'fastify'
    import waybill from 'waybill'
    replace()
    const app = Fastify()
    await app.register(waybill, { format: 'json' })
    app.get('/', async (request) => {
      request.log.info('in between')
      return ''
    })
    await app.inject('/')
    restore()
  `
  const { replaced, written } = read(await finish(startProgram(program)))
  expect(replaced).toEqual(['GET /', 'in between', expect.stringMatching(/^GET \/ 200 /)])
  expect(written).toEqual([])
})

test('a stream that replaces process.stdout gets the lines', async () => {
  const program = `${LOG}
    import { PassThrough } from 'node:stream'
    log.info('before')
    await new Promise(setImmediate)
    const mine = new PassThrough()
    Object.defineProperty(process, 'stdout', { value: mine, configurable: true })
    log.info('after')
    process.stderr.write(JSON.stringify([String(mine.read())]))
  `
  const expected = { replaced: ['after'], written: ['before'] }
  expect(await runEach(program)).toEqual([expected, expected, expected])
})

test('lines that a stalled reader has not taken go to the replacement first, in order', async () => {
  const program = `${LOG} ${REPLACE}
    for (let n = 0; n < 900; n++) log.info({ text: 'x'.repeat(100) }, String(n))
    await new Promise(setImmediate)
    replace()
    log.info('900')
  `
  const { child, open } = startUnread(program)
  const run = await finish(child)
  const { replaced, written } = read({ ...run, stdout: await text(open()) })
  expect(replaced.length).toBeGreaterThan(100)
  expect([...written, ...replaced]).toEqual(Array.from({ length: 901 }, (_, n) => String(n)))
})

test('lines held at exit and written during exit go through the replacement', async () => {
  const program = `${LOG} ${REPLACE}
    process.prependListener('exit', () => log.info('at exit'))
    log.info('held')
    replace()
    process.exit(3)
  `
  const run = await finish(startProgram(program))
  expect(run.code).toBe(3)
  expect(read(run)).toEqual({ replaced: ['held', 'at exit'], written: [] })
})

const BROKEN: [string, string, string][] = [
  ['throws', `process.stdout.write = () => { throw new Error('no') }`, 'Error: no'],
  [
    'is that of a stream which has ended',
    `const mine = new PassThrough(); mine.end(); Object.defineProperty(process, 'stdout', { value: mine })`,
    'Error [ERR_STREAM_WRITE_AFTER_END]: write after end',
  ],
  [
    'is that of a stream which was destroyed',
    `const mine = new PassThrough(); mine.destroy(); Object.defineProperty(process, 'stdout', { value: mine })`,
    'Error [ERR_STREAM_DESTROYED]: Cannot call write after a stream was destroyed',
  ],
]

test.each(BROKEN)(
  'a replacement that %s does not hurt the service, and stderr has one message',
  async (_case, replace, error) => {
    const program = `
    import { PassThrough } from 'node:stream'
    ${LOG}
    ${replace}
    for (let n = 0; n < 3; n++) {
      log.info('lost')
      await new Promise(setImmediate)
    }
    process.exitCode = 7
  `
    expect(await finish(startProgram(program))).toEqual({
      code: 7,
      stdout: '',
      stderr: `waybill: log lines are lost: stdout can't be written, ${error}\n`,
    })
  },
)

test('a replacement that writes to a closed pipe does not hurt the service', async () => {
  const program = `${LOG}
    const original = process.stdout.write
    process.stdout.write = function (...given) { return original.apply(this, given) }
    for (let n = 0; n < 20; n++) {
      log.info('lost')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    process.exitCode = 7
  `
  const run = await finish(startPiped(program, 'true'))
  expect(run.code).toBe(7)
  expect(run.stderr).toMatch(
    /^waybill: log lines are lost: stdout can't be written, Error: (write )?EPIPE[^\n]*\n$/,
  )
})

test('a replacement that logs blocks neither the service nor its exit', async () => {
  const program = `${LOG}
    let calls = 0
    process.stdout.write = () => { calls++; log.info('another') }
    log.info('one')
    for (let turn = 0; turn < 100_000 && calls < 2; turn++) await new Promise(setImmediate)
    process.stderr.write(calls > 1 && calls < 10_000 ? 'alive, ' : String(calls))
    ${COUNT_WAITS}
  `
  expect(await finish(startProgram(program))).toEqual({ code: 0, stdout: '', stderr: 'alive, 0 waits' })
})

test('a replacement that ends the process does so at once', async () => {
  const program = `${LOG}
    ${COUNT_WAITS}
    process.stdout.write = () => process.exit(3)
    log.info('one')
  `
  expect(await finish(startProgram(program))).toEqual({ code: 3, stdout: '', stderr: '0 waits' })
})

test('lines for stderr go through what replaces process.stderr.write', async () => {
  const program = `
    import { createLogger } from 'waybill'
    const log = createLogger({ format: 'combined' })
    const original = process.stderr.write
    const taken = []
    process.stderr.write = (text) => taken.push(text)
    log.info('one')
    log.info('two')
    process.stderr.write = original
    process.stdout.write(String(taken.length))
  `
  expect(await finish(startProgram(program))).toEqual({ code: 0, stdout: '2', stderr: '' })
})

test('checking for a replacement leaves the flags of a shared pipe unchanged', async () => {
  const program = `${LOG}
    import fs from 'node:fs'
    const flags = () => /^flags:.*/m.exec(fs.readFileSync('/proc/self/fdinfo/1', 'utf8'))[0]
    const before = flags()
    for (let n = 0; n < 3; n++) {
      log.info('one')
      await new Promise(setImmediate)
    }
    process.stderr.write(String(flags() === before))
  `
  expect((await finish(startPiped(program, 'cat'))).stderr).toBe('true')
})
