import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** How a process ended, and all it wrote. */
export interface Ended {
  /** The exit code, or the name of the signal that ended it. */
  readonly by: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

/** A process under way. */
export interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  readonly ended: Promise<Ended>
}

/** What a program of the packed project gets to see: nothing that the developer has set. */
export const BARE_ENV = { PATH: process.env.PATH, PORT: '0' }

/** Starts a command in a folder. */
export function start(command: string, args: readonly string[], cwd: string, env = process.env): Running {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  return { child, ended: endOf(child) }
}

/** Runs a command in a folder to its end. */
export function run(...command: Parameters<typeof start>): Promise<Ended> {
  return start(...command).ended
}

async function endOf(child: Running['child']): Promise<Ended> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number, null] | [null, NodeJS.Signals]>,
  ])
  return { by: code ?? signal, stdout, stderr }
}
