import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { finish, root, SLOW_READER, startPiped, startProgram, startUnread } from '../support/program.js'

const LINES = 8000
/** Writes more lines than any pipe holds, numbered. */
const WRITE_LINES = `
  import { createLogger } from 'waybill'
  const log = createLogger({ format: 'json' })
  for (let n = 0; n < ${LINES}; n++) log.info({ n, padding: 'x'.repeat(100) }, 'line')
`

function numbersOf(stdout: string): unknown[] {
  const lines = stdout.split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => (JSON.parse(line) as { n: unknown }).n)
}

const ALL = Array.from({ length: LINES }, (_, n) => n)

const ENDINGS: [string, string, number][] = [
  ['runs out of work', '', 0],
  ['calls process.exit', 'process.exit(3)', 3],
  ['dies of an uncaught exception', 'throw new Error("fatal")', 1],
  ['dies of an unhandled rejection', 'await Promise.reject(new Error("fatal"))', 1],
]

test.concurrent.each(ENDINGS)(
  'a process that %s writes every line, in order, to a socket',
  async (_case, ending, code) => {
    const run = await finish(startProgram(WRITE_LINES + ending))
    expect(run.code).toBe(code)
    expect(numbersOf(run.stdout)).toEqual(ALL)
  },
)

test.concurrent.each(ENDINGS)(
  'a process that %s writes every line, in order, to a slow pipe',
  async (_case, ending, code) => {
    const run = await finish(startPiped(WRITE_LINES + ending, '(sleep 0.5; cat)'))
    expect(run.code).toBe(code)
    expect(numbersOf(run.stdout)).toEqual(ALL)
  },
)

test.concurrent.each(ENDINGS)(
  'a process that %s writes every line, in order, to a file',
  async (_case, ending, code) => {
    const folder = mkdtempSync(join(tmpdir(), 'waybill-'))
    try {
      const file = join(folder, 'out.log')
      const run = await finish(
        startProgram(WRITE_LINES + ending, { stdio: ['ignore', openSync(file, 'w'), 'pipe'] }),
      )
      expect(run.code).toBe(code)
      expect(numbersOf(readFileSync(file, 'utf8'))).toEqual(ALL)
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

test.concurrent('lines logged while the process exits reach a slow reader', async () => {
  const ending = `process.on('exit', () => { for (let n = 0; n < 2000; n++) log.info({ n }, 'x'.repeat(100)) })`
  const run = await finish(startPiped(WRITE_LINES + ending, '(sleep 0.5; cat)'))
  expect(numbersOf(run.stdout)).toEqual([...ALL, ...ALL.slice(0, 2000)])
})

test.concurrent('a reader that stalls does not stop the service', async () => {
  const child = startProgram(`${WRITE_LINES} setTimeout(() => process.stderr.write('alive'), 20)`)
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new Error('no pipes')
  await once(stderr, 'data')
  expect(numbersOf(await text(stdout))).toEqual(ALL)
})

test.concurrent('at exit, a process waits five seconds for a stalled reader, then gives up and says so on stderr', async () => {
  const began = performance.now()
  const { child, open } = startUnread(WRITE_LINES)
  const run = await finish(child)
  const waited = performance.now() - began
  expect(run).toEqual({
    code: 0,
    stdout: '',
    stderr: 'waybill: log lines are lost: stdout was not read for 5000 ms\n',
  })
  expect(waited).toBeGreaterThanOrEqual(5000)
  open().destroy()
})

test.concurrent('a service outlives its reader, and says once on stderr that lines are lost', async () => {
  const run = await finish(
    startPiped(
      `${WRITE_LINES}
      await new Promise((resolve) => setTimeout(resolve, 300))
      log.info('more')
      await new Promise((resolve) => setTimeout(resolve, 20))
      process.exitCode = 7`,
      'true',
    ),
  )
  expect(run.code).toBe(7)
  expect(run.stderr).toMatch(/^waybill: log lines are lost: stdout can't be written, Error: EPIPE[^\n]*\n$/)
})

test('events and log lines of several apps keep the order in which they were written', async () => {
  const run = await finish(
    startProgram(`
      import Fastify from 'fastify'
      import waybill from 'waybill'
      const apps = [Fastify(), Fastify()]
      for (const [index, app] of apps.entries()) {
        await app.register(waybill)
        app.get('/', async (request) => {
          request.log.info('first')
          apps[1 - index].log.info('second')
          return ''
        })
      }
      for (let n = 0; n < 50; n++) await apps[n % 2].inject('/')
    `),
  )
  const messages = run.stdout.split('\n').map((line) => line.replace(/.*"message":"(\w+).*/, '$1'))
  expect(messages).toEqual([
    ...Array.from({ length: 50 }, () => ['GET', 'first', 'second', 'GET']).flat(),
    '',
  ])
})

/** Writes numbered lines in turns of the event loop, says so on stderr, and one more when told to go on. */
function writeInTurns(options: string): string {
  return `
    import { once } from 'node:events'
    import { createLogger } from 'waybill'
    const log = createLogger({ format: 'json', maxHeldBytes: 100_000, ${options} })
    for (let n = 0; n < 5000; n++) {
      log.info({ n, padding: 'x'.repeat(100) }, 'line')
      if (n % 100 === 0) await new Promise(setImmediate)
    }
    process.stderr.write('written')
    await once(process.stdin, 'data')
    log.info({ n: 'last' })
    process.stdin.destroy()
  `
}

test('drops lines beyond those held for a stalled reader, and logs how many', async () => {
  const child = startProgram(writeInTurns(''), { stdio: 'pipe' })
  const { stdin, stdout, stderr } = child
  if (!stdin || !stdout || !stderr) throw new Error('no pipes')
  await once(stderr, 'data')
  const lines: Record<string, unknown>[] = []
  for await (const line of createInterface(stdout)) {
    lines.push(JSON.parse(line))
    if (lines.at(-1)?.event === 'log.dropped') stdin.write('go on')
  }
  const at = lines.findIndex(({ event }) => event === 'log.dropped')
  const dropped = Number(lines[at]?.dropped)
  expect(lines[at]).toEqual({
    timestamp: expect.any(String),
    level: 'warn',
    event: 'log.dropped',
    dropped,
    message: `${dropped} log lines were dropped: the reader of stdout did not keep up`,
  })
  expect(lines.slice(0, at).map(({ n }) => n)).toEqual(ALL.slice(0, 5000 - dropped))
  expect(lines.slice(at + 1).map(({ n }) => n)).toEqual(['last'])
  // What is held, and what the socket took.
  expect(at).toBeGreaterThan(500)
  expect(at).toBeLessThan(4000)
})

test('with whenFull: block, the service waits for a slow reader and no line is lost', async () => {
  const program = (options: string): string => `
    import { createLogger } from 'waybill'
    const log = createLogger({ format: 'json', maxHeldBytes: 100_000, ${options} })
    for (let n = 0; n < 5000; n++) log.info({ n, padding: 'x'.repeat(100) }, 'line')
    process.stderr.write('written')
  `
  const blocking = await finish(startPiped(program(`whenFull: 'block'`), SLOW_READER))
  expect(numbersOf(blocking.stdout)).toEqual(ALL.slice(0, 5000))
  // The same program loses lines where it does not wait.
  const { child, open } = startUnread(program(''))
  await once(child.stderr as Readable, 'data')
  expect(numbersOf(await text(open())).length).toBeLessThan(5000)
})

test('a burst within one turn of the event loop loses no line while the reader reads', async () => {
  const burst = `
    import { createLogger } from 'waybill'
    const log = createLogger({ format: 'json', maxHeldBytes: 100_000 })
    for (let n = 0; n < ${LINES}; n++) log.info({ n, padding: 'x'.repeat(100) }, 'line')
  `
  const folder = mkdtempSync(join(tmpdir(), 'waybill-'))
  try {
    const file = join(folder, 'out.log')
    await finish(startProgram(burst, { stdio: ['ignore', openSync(file, 'w'), 'pipe'] }))
    expect(numbersOf(readFileSync(file, 'utf8'))).toEqual(ALL)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a line whose rest was lost is ended before the next one once stdout is writable again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-'))
  try {
    const file = join(folder, 'out.log')
    const program = `
      import fs from 'node:fs'
      import { createLogger } from 'waybill'
      const log = createLogger({ format: 'json' })
      const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      for (let n = 0; n < 200; n++) log.info({ n, padding: 'x'.repeat(100) }, 'line')
      await turn()
      log.info({ n: 'lost' })
      await turn()
      fs.truncateSync(process.env.FILE, 4000)
      log.info({ n: 'after' })
    `
    const child = spawn(
      'bash',
      ['-c', `ulimit -f 8; "$NODE" --input-type=module --eval "$SOURCE" >> "$FILE"`],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NODE: process.execPath, SOURCE: program, FILE: file },
      },
    )
    const run = await finish(child)
    expect(run.stderr).toMatch(/^waybill: log lines are lost: stdout can't be written, Error: EFBIG[^\n]*\n$/)
    const lines = readFileSync(file, 'utf8').split('\n')
    expect(lines.pop()).toBe('')
    expect(JSON.parse(lines.pop() ?? '')).toMatchObject({ n: 'after' })
    lines.pop()
    expect(lines.map((line) => JSON.parse(line).n)).toEqual(ALL.slice(0, lines.length))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('an asynchronous pino destination has all lines at exit, also those of open requests', async () => {
  const program = `
    import { pino } from 'pino'
    import Fastify from 'fastify'
    import waybill from 'waybill'
    const app = Fastify()
    await app.register(waybill, { format: 'json', destination: pino.destination({ sync: false, minLength: 8192 }) })
    app.get('/', () => {
      app.log.info('in the handler')
      setImmediate(() => process.exit())
      return new Promise(() => {})
    })
    void app.inject('/')
  `
  const { stdout, stderr } = await finish(startProgram(program))
  expect(stderr).toBe('')
  const lines = stdout.trimEnd().split('\n')
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
    'GET /',
    'in the handler',
    expect.stringMatching(/^GET \/ .*unfinished$/),
  ])
})
