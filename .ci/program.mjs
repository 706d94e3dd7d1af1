// Runs a script of package.json as a reader of docs/examples.md does: in a terminal, until Ctrl-C.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const UP_MS = 60_000
const END_MS = 10_000

/** Runs a script during a test function, then stops it and checks its exit; prints its output if anything fails. */
export async function tryScript(script, attempt) {
  // In its own process group, so that the signal reaches the same processes as a terminal's Ctrl-C.
  const npm = spawn('npm', ['run', script], {
    detached: true,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(npm, 'exit')
  let stdout = ''
  npm.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })

  /** Waits until the output matches. */
  async function eventually(what, find) {
    for (const end = performance.now() + UP_MS; performance.now() < end; await sleep(20)) {
      const found = find(stdout)
      if (found) return found
      assert.equal(npm.exitCode, null, `npm run ${script} ended before ${what}`)
    }
    throw new Error(`${what}: not within ${UP_MS} ms`)
  }

  try {
    await attempt(eventually)
    process.kill(-npm.pid, 'SIGINT')
    const [code, signal] = await Promise.race([
      exit,
      sleep(END_MS, ['nothing, it still runs'], { ref: false }),
    ])
    assert.equal(signal ?? code, 0, `npm run ${script} ended by ${signal ?? code} on SIGINT`)
  } catch (error) {
    console.error(stdout)
    throw error
  } finally {
    try {
      process.kill(-npm.pid, 'SIGKILL')
    } catch {
      // The whole process group has exited.
    }
  }
}
