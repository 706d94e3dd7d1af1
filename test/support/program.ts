import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The root of the package: a program that runs there imports the built package by its name. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a program left behind. */
export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The arguments that have Node.js run a text as an ES module. */
export function moduleArguments(source: string): string[] {
  return ['--input-type=module', '--eval', source]
}

/** Starts a program that is given as a text. */
export function startProgram(source: string, options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, moduleArguments(source), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
    env: { ...process.env, ...options.env },
  })
}

/** Waits for the end of a program, reading all it writes. */
export async function finish(child: ChildProcess): Promise<Run> {
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { code, stdout, stderr }
}

/** A slow reader, as a command of the shell. */
export const SLOW_READER = '"$NODE" test/support/slow-reader.mjs'

const PROGRAM = '"$NODE" --input-type=module --eval "$SOURCE"'

/** Runs a program with its stdout in a real pipe: Node.js itself would give it a socket. */
export function startPiped(source: string, reader: string): ChildProcess {
  return startShell(`${PROGRAM} | ${reader}; exit "\${PIPESTATUS[0]}"`, source)
}

/** Starts a program with its stdout in a real pipe, which nobody reads before `open` is called. */
export function startUnread(source: string): { child: ChildProcess; open: () => Socket } {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-pipe-'))
  try {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const writing = openSync(path, constants.O_WRONLY)
    const child = startProgram(source, { stdio: ['ignore', writing, 'pipe'] })
    closeSync(writing)
    return { child, open: () => new Socket({ fd: reading, readable: true, writable: false }) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Runs a program several times at once, with all their stdout in one real pipe. */
export function startSharing(source: string, processes: number, reader: string): ChildProcess {
  return startShell(`(for n in {1..${processes}}; do ${PROGRAM} & done; wait) | ${reader}`, source)
}

function startShell(command: string, source: string): ChildProcess {
  return spawn('bash', ['-c', command], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE: process.execPath, SOURCE: source },
  })
}
