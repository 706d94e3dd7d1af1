import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { root } from '../../support/program.js'
import { hasTmux, Terminal } from '../../support/terminal.js'

const open: Terminal[] = []
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close()
})

function terminalOf(
  nodeArguments: readonly string[] | undefined,
  env: Record<string, string> = {},
): Terminal {
  const source = `
    const { createLogger } = await import('${root}dist/index.js')
    for (const n of [1, 2]) createLogger().info('run ' + n)
    setInterval(() => {}, 1000)
    reached('up')`
  const terminal = new Terminal(source, 60, { env, ...(nodeArguments && { nodeArguments }) })
  open.push(terminal)
  return terminal
}

const seen = (terminal: Terminal): string[] =>
  terminal.screen().map((line) => line.replace(/\d\d:\d\d:\d\d(?:\.\d{3})?/, 'time'))

const RULE = `─── time ${'─'.repeat(47)}`
const RUN = ['INFO                  run 1', 'INFO                  run 2'].map((line) => `time ${line}`)

/** Has the program restarted by its watcher, which may not watch it yet when it runs for the first time. */
async function restart(terminal: Terminal, isDone: (screen: string[]) => boolean): Promise<void> {
  const before = terminal.screen().join('\n')
  await vi.waitFor(
    () => {
      terminal.write()
      const screen = terminal.screen()
      expect(screen.join('\n')).not.toBe(before)
      expect(isDone(screen)).toBe(true)
    },
    { timeout: 25_000, interval: 1000 },
  )
}

describe.runIf(hasTmux && process.platform === 'linux')('in a real terminal under node --watch', () => {
  test('a thin rule stands above the first row of each run where the screen is not cleared', async () => {
    const terminal = terminalOf(['--watch', '--watch-preserve-output'])
    terminal.wait('up')
    expect(seen(terminal).slice(0, 3)).toEqual([RULE, ...RUN])
    await restart(terminal, (screen) => screen.filter((line) => line.includes('run 2')).length > 1)
    const lines = seen(terminal)
    const second = lines.findIndex((line) => line.startsWith('Restarting'))
    expect(lines.slice(second + 1, second + 4)).toEqual([RULE, ...RUN])
    expect(terminal.screen('-e').find((line) => line.includes('───'))).toContain('\x1b[2m───')
  })

  test('there is none where the screen was cleared', async () => {
    const terminal = terminalOf(['--watch'])
    terminal.wait('up')
    expect(seen(terminal)).toEqual(RUN)
    // Node.js 24 also says which file has changed.
    const restarted = (screen: string[]): number =>
      screen.findIndex((line) => line.startsWith('Restarting')) + 1
    await restart(terminal, (screen) => restarted(screen) > 0 && screen.length > restarted(screen) + 1)
    expect(seen(terminal).slice(restarted(seen(terminal)))).toEqual(RUN)
  })

  test('there is one where the watcher clears nothing for lack of colours', () => {
    const terminal = terminalOf(['--watch'], { NO_COLOR: '1' })
    terminal.wait('up')
    expect(seen(terminal)).toEqual([RULE, ...RUN])
  })

  test('there is none in another format, and none without a watcher', () => {
    const json = terminalOf(['--watch', '--watch-preserve-output'], { LOG_FORMAT: 'json' })
    const alone = terminalOf(undefined, { WATCH_REPORT_DEPENDENCIES: '1', NO_COLOR: '1' })
    for (const terminal of [json, alone]) terminal.wait('up')
    expect(json.screen().join('')).not.toContain('───')
    expect(seen(alone)).toEqual(RUN)
  })

  test.each([
    ['nodemon.js', [], true],
    ['tsx', ['watch', '--clear-screen=false'], true],
    ['tsx', ['watch', '--no-clear-screen'], true],
    ['tsx', ['watch'], false],
    ['tsx', ['--clear-screen=false'], false],
    ['other.js', ['watch', '--clear-screen=false'], false],
  ])('a parent whose command is %s %j is told: %s', (name, args, hasRule) => {
    const directory = mkdtempSync(join(tmpdir(), 'waybill-watcher-'))
    const watcher = join(directory, name)
    writeFileSync(
      watcher,
      `require('node:child_process').spawnSync(process.execPath, [process.argv.at(-1)], { stdio: 'inherit' })`,
    )
    const terminal = terminalOf([watcher, ...args])
    terminal.wait('up')
    rmSync(directory, { recursive: true })
    expect(seen(terminal)).toEqual(hasRule ? [RULE, ...RUN] : RUN)
  })
})
