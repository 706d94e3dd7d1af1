import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { Tally } from './leak/tally.js'
import { root } from './support/program.js'

const requests = Number(process.env.REQUESTS ?? 20_000)
/** After so many, all that is kept for good is there: compiled code, caches, the lists of open servers. */
const FIRST = 10_000
/** What collections and compiled code may differ by, in megabytes; the more requests, the less each may leave behind. */
const ALLOWANCE = requests > 100_000 ? 5 : 2
const MEGABYTE = 1024 * 1024

function start(file: string, execArgv: string[]): ChildProcess {
  const path = fileURLToPath(new URL(`leak/${file}`, import.meta.url))
  const child = fork(path, { cwd: root, execArgv, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

async function answerOf<T>(child: ChildProcess, message?: object | string): Promise<T> {
  const answer = once(child, 'message')
  if (message !== undefined) child.send(message)
  return (await answer)[0] as T
}

test(
  `after ${requests} requests, many of which left, no memory is held and no request is open`,
  async () => {
    const server = start('server.mjs', ['--expose-gc'])
    const load = start('load.mjs', [])
    if (server.stdout === null) throw new Error('no pipe')
    const tally = new Tally()
    createInterface(server.stdout).on('line', (line) => tally.add(line))
    const { ports } = await answerOf<{ ports: number[] }>(server)
    const heapAfter = async (count: number): Promise<number> => {
      await answerOf(load, { ports, requests: count })
      const { heapUsed } = await answerOf<{ heapUsed: number }>(server, 'heap')
      return heapUsed / MEGABYTE
    }

    const before = await heapAfter(FIRST)
    const after = await heapAfter(requests - FIRST)
    server.send('close')
    await once(server, 'close')

    const { started, outcomes, open, strays } = tally
    if (process.env.REQUESTS !== undefined) {
      const megabytes = `${before.toFixed(1)} MB after ${FIRST} requests, ${after.toFixed(1)} MB after ${started}`
      console.log(`heap: ${megabytes}; ${JSON.stringify(outcomes)}`)
    }
    expect(started).toBeGreaterThanOrEqual(requests)
    expect({ open, strays }).toEqual({ open: 0, strays: [] })
    expect(Object.keys(outcomes).sort()).toEqual(['aborted', 'completed'])
    expect(after - before).toBeLessThan(ALLOWANCE)
  },
  60_000 + requests,
)
