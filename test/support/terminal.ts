import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './program.js'

/** Whether tmux can be run here. */
export const hasTmux = spawnSync('tmux', ['-V']).status === 0

let terminals = 0

/** How a program is run. */
export interface RunOptions {
  readonly rows?: number
  readonly env?: Readonly<Record<string, string>>
  /** The arguments of Node.js before the program's file; left out, the program may import packages by name. */
  readonly nodeArguments?: readonly string[]
}

/** A real terminal, in which a program runs: that of tmux. */
export class Terminal {
  readonly #socket = `waybill-test-${process.pid}-${terminals++}`
  readonly #directory = mkdtempSync(join(tmpdir(), 'waybill-terminal-'))
  readonly #file = join(this.#directory, 'program.mjs')
  readonly #program: string
  readonly #env: Readonly<Record<string, string>>

  /** @param source an ES module, which calls `reached()` where the test goes on */
  constructor(source: string, columns: number, { rows = 60, env = {}, nodeArguments }: RunOptions = {}) {
    this.#env = env
    const tmux = `execFileSync('tmux', ['-L', '${this.#socket}', `
    const processes = `const { execFileSync, spawnSync } = await import('node:child_process')\n`
    this.#program = `${processes}const reached = (name) => ${tmux}'wait-for', '-S', name])\n${source}`
    this.write()
    const runner = join(this.#directory, 'runner.mjs')
    const [args, input] =
      nodeArguments === undefined
        ? [['--input-type=module'], `(await import('node:fs')).openSync('${this.#file}')`]
        : [[...nodeArguments, this.#file], `'inherit'`]
    // Ctrl-C reaches it too.
    writeFileSync(
      runner,
      `${processes}process.on('SIGINT', () => {})
      const stdio = [${input}, 'inherit', 'inherit']
      const { signal, status } = spawnSync(process.execPath, ${JSON.stringify(args)}, { stdio })
      ${tmux}'set-option', '-g', '@ended', String(signal ?? status)])
      ${tmux}'wait-for', '-S', 'ended'])
      setTimeout(() => {}, 60_000)`,
    )
    const command = `cd '${root}' && exec '${process.execPath}' '${runner}'`
    const size = ['-x', String(columns), '-y', String(rows)]
    this.#tmux('-f', '/dev/null', '-u', 'new-session', '-d', ...size, command)
  }

  /** Writes the program once more, for what watches its file. */
  write(): void {
    writeFileSync(this.#file, this.#program)
  }

  /** Waits until the program has said that it is somewhere. */
  wait(name: string): void {
    this.#tmux('wait-for', name)
  }

  /** Waits for the end of the program, and returns its exit code or signal. */
  ended(): string {
    this.wait('ended')
    return this.#tmux('show-option', '-gv', '@ended').trim()
  }

  /** Types Ctrl-C. */
  interrupt(): void {
    this.#tmux('send-keys', 'C-c')
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
    // Node.js takes an empty variable for one that is set.
    const { TMUX: _tmux, CI: _ci, NO_COLOR: _color, ...inherited } = process.env
    const env = { ...inherited, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...this.#env }
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8', env, timeout: 20_000 })
  }
}
