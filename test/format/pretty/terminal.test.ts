import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { finish, root } from '../../support/program.js'
import { hasTmux, Terminal } from '../../support/terminal.js'

const ESC = '\x1b'
const TIME = /^\d\d:\d\d:\d\d\.\d{3} /
const open: Terminal[] = []
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close()
})

function terminalOf(source: string, columns: number): Terminal {
  const terminal = new Terminal(source, columns, { env: { LOG_SUMMARY: '0' } })
  open.push(terminal)
  return terminal
}

function seen(terminal: Terminal): string[] {
  return terminal.screen().map((line) => line.replace(TIME, '').replace(/^(\d{3}) +[\d.]+ms/, '$1    1.0ms'))
}

const REQUEST = `
  import Fastify from 'fastify'
  import waybill from 'waybill'
  const app = Fastify()
  await app.register(waybill)
  app.get('/*', async (request) => {
    request.log.info('a message of some words, which is longer than what a small window has for it')
    request.waybill.add({ first: 'x'.repeat(30), second: 'y'.repeat(30), third: '日本' })
    return 'four'
  })
  const ask = () => app.inject({ url: '/%E6%97%A5%E6%9C%AC', headers: { 'x-request-id': 'abc' } })
  await ask()
`

/** Fields stand below the path. */
const BELOW = ' '.repeat(42)

const AT_80 = [
  '-->          abc      GET    /日本',
  'INFO         abc        a message of some words, which is longer',
  '                                     than what a small window has for it',
  '200    1.0ms abc      GET    /日本 4B',
  `${BELOW}first=${'x'.repeat(30)}`,
  `${BELOW}second=${'y'.repeat(30)}`,
  `${BELOW}third=日本`,
]
const AT_120 = [
  '-->          abc      GET    /日本',
  'INFO         abc        a message of some words, which is longer than what a small window has for it',
  `200    1.0ms abc      GET    /日本 4B first=${'x'.repeat(30)}`,
  `${BELOW}second=${'y'.repeat(30)} third=日本`,
]
const AT_200 = [
  '-->          abc      GET    /日本',
  'INFO         abc        a message of some words, which is longer than what a small window has for it',
  `200    1.0ms abc      GET    /日本 4B first=${'x'.repeat(30)} second=${'y'.repeat(30)} third=日本`,
]

describe.runIf(hasTmux)('in a real terminal (skipped where there is no tmux)', () => {
  test.each([
    [80, AT_80],
    [120, AT_120],
    [200, AT_200],
  ])('rows are wrapped to its %i columns', (columns, rows) => {
    const terminal = terminalOf(`${REQUEST}; reached('end')`, columns)
    terminal.wait('end')
    expect(seen(terminal)).toEqual(rows)
  })

  test('rows follow the size of the window', () => {
    const terminal = terminalOf(
      `${REQUEST}
      process.stdout.once('resize', async () => {
        await ask()
        reached('resized')
        clearInterval(open)
      })
      const open = setInterval(() => {}, 1000)
      reached('first')`,
      80,
    )
    terminal.wait('first')
    expect(seen(terminal)).toEqual(AT_80)
    terminal.resize(120)
    terminal.wait('resized')
    expect(seen(terminal).slice(-4)).toEqual(AT_120)
  })

  test('it has colours', () => {
    const terminal = terminalOf(`${REQUEST}; reached('end')`, 120)
    terminal.wait('end')
    const screen = terminal.screen('-e').join('\n')
    expect(screen).toMatch(/\x1b\[32m200/)
    expect(screen).toMatch(/\x1b\[38;5;\d+mabc/)
  })
})

const LOG_ONE_LINE = `import { createLogger } from 'waybill'; createLogger().info('hello')`

/** Starts a program with a terminal as its stdout. */
function inTerminal(source: string, env: Record<string, string> = {}): ReturnType<typeof spawn> {
  const command = `"$NODE" --input-type=module --eval "$SOURCE"`
  return spawn('script', ['-qec', command, '/dev/null'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CI: '', TERM: 'xterm', NODE: process.execPath, SOURCE: source, ...env },
  })
}

describe.runIf(process.platform === 'linux')('with a terminal as stdout', () => {
  test('lines are pretty and have colours, unless told otherwise', async () => {
    const [pretty, json, plain] = await Promise.all(
      [{}, { LOG_FORMAT: 'json' }, { NO_COLOR: '1' }].map(async (env) => {
        const { stdout } = await finish(inTerminal(LOG_ONE_LINE, env))
        return stdout
      }),
    )
    expect(pretty).toContain(`${ESC}[32mINFO ${ESC}[39m`)
    expect(JSON.parse(json ?? '')).toMatchObject({ level: 'info', message: 'hello' })
    expect(plain).toMatch(/^[\d:.]+ INFO +hello\r\n$/)
  })

  test('a terminal that is stopped does not stop the service, and gets the number of the lines that it missed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'waybill-stopped-'))
    const file = join(directory, 'said')
    const child = inTerminal(
      `import { existsSync, writeFileSync } from 'node:fs'
      import { createLogger } from 'waybill'
      const log = createLogger({ maxHeldBytes: 100_000 })
      for (let n = 0; n < 10_000; n++) log.info({ n }, 'line')
      writeFileSync(process.env.SAID, 'alive')
      const open = setInterval(() => {
        if (existsSync(process.env.SAID)) return
        clearInterval(open)
        log.info('last')
      }, 10)`,
      { SAID: file },
    )
    // Nobody reads what the terminal shows, so that it takes no more.
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('alive'), 10_000)
    const output = finish(child)
    rmSync(directory, { recursive: true })
    const { stdout } = await output
    const shown = stdout.replaceAll(/\x1b\[[\d;]*m/g, '')
    const lines = shown.split('\r\n')
    // A busy machine may make several gaps.
    const gaps = [...shown.matchAll(/ dropped=(\d+)/g)].map(([, count]) => Number(count))
    const dropped = gaps.reduce((sum, count) => sum + count, 0)
    expect(dropped).toBeGreaterThan(1000)
    expect(lines.filter((line) => / line n=\d+$/.test(line)).length + dropped).toBeGreaterThanOrEqual(10_000)
  })
})
