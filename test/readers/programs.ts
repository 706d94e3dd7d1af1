import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe } from 'vitest'
import { run } from '../packed/process.js'

interface Needs {
  /** Programs that must be on the PATH, or files that must be there. */
  readonly programs: readonly string[]
  /** Namespaces and mounts of its own. */
  readonly root?: boolean
}

/** For how long a script may run; what it started then ends with it. */
const LIMIT_SECONDS = '110'
/** Set where all readers must run, so that none is skipped unnoticed. */
const ALL_REQUIRED = process.env.ALL_READERS === '1'

/** Tests of one reader, with a folder for its files, which are skipped with the reason where it can't run. */
export function describeReader(name: string, needs: Needs, tests: (folder: string) => void): void {
  const reason = reasonAgainst(needs)
  if (reason !== undefined && ALL_REQUIRED) throw new Error(`${name} can't run: ${reason}`)
  if (reason !== undefined) {
    describe.skip(`${name} (can't run here: ${reason})`, () => tests(''))
    return
  }
  describe(name, () => {
    const folder = mkdtempSync(join(tmpdir(), 'waybill-readers-'))
    afterAll(() => rm(folder, { recursive: true, force: true }))
    tests(folder)
  })
}

function reasonAgainst({ programs, root = false }: Needs): string | undefined {
  if (process.platform !== 'linux') return 'this is not Linux'
  if (root && process.getuid?.() !== 0) return 'not as root'
  const missing = programs.filter((program) => !isInstalled(program))
  return missing.length === 0 ? undefined : `without ${missing.join(', ')}`
}

function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Runs a program to its end and returns what it printed; throws if it ended badly. */
export async function read(
  command: string,
  args: readonly string[],
  cwd = tmpdir(),
  env = {},
): Promise<string> {
  const { by, stdout, stderr } = await run(command, args, cwd, { ...process.env, ...env })
  if (by !== 0) throw new Error(`${command} ended by ${by}\n${stdout}${stderr}`)
  return stdout
}

/**
 * Runs a script of this folder for a project, where nothing of the machine is touched: with its own processes, mounts and,
 * if asked for, network. What it started ends with it, what it mounted is gone, what it left in a folder stays.
 */
export async function readInNamespace(
  script: string,
  project: string,
  folder: string,
  { network = false } = {},
): Promise<void> {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const own = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', ...(network ? ['--net'] : [])]
  const command = ['unshare', ...own, 'bash', file, project, folder]
  try {
    await read('timeout', ['--signal=KILL', LIMIT_SECONDS, ...command])
  } finally {
    // Engines leave the groups behind in which they count what containers use; they bear the name of the folder.
    const groups = ['-depth', '-type', 'd', '-path', `*/${basename(folder)}*`]
    await read('find', ['/sys/fs/cgroup', ...groups, '-exec', 'rmdir', '{}', '+'])
  }
}
