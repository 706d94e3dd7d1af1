import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './program.js'

/** Whether tmux can be run here. */
export const hasTmux = spawnSync('tmux', ['-V']).status === 0

let terminals = 0

/** A real terminal, in which a program runs: that of tmux. */
export class Terminal {
  readonly #socket = `waybill-test-${process.pid}-${terminals++}`
  readonly #directory = mkdtempSync(join(tmpdir(), 'waybill-terminal-'))

  /** @param source an ES module, which calls `reached()` where the test goes on */
  constructor(source: string, columns: number, rows = 60) {
    const file = join(this.#directory, 'program.mjs')
    const reached = `const { execFileSync } = await import('node:child_process')
      const reached = (name) => execFileSync('tmux', ['-L', '${this.#socket}', 'wait-for', '-S', name])\n`
    writeFileSync(file, reached + source)
    const command = `cd '${root}' && '${process.execPath}' --input-type=module < '${file}'; sleep 60`
    const size = ['-x', String(columns), '-y', String(rows)]
    this.#tmux('-f', '/dev/null', '-u', 'new-session', '-d', ...size, command)
  }

  /** Waits until the program has said that it is somewhere. */
  wait(name: string): void {
    this.#tmux('wait-for', name)
  }

  resize(columns: number): void {
    this.#tmux('resize-window', '-x', String(columns))
  }

  /** What is on the screen, line by line. */
  screen(...options: string[]): string[] {
    return this.#tmux('capture-pane', '-p', ...options)
      .trimEnd()
      .split('\n')
  }

  close(): void {
    this.#tmux('kill-server')
    rmSync(this.#directory, { recursive: true })
  }

  #tmux(...args: string[]): string {
    const env = { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TMUX: '', CI: '', NO_COLOR: '' }
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8', env, timeout: 20_000 })
  }
}
