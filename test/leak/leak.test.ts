import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../support/program.js'
import { Tally } from './tally.js'

const requests = Number(process.env.REQUESTS ?? 5000)
/** After so many, all that is kept for good is there: compiled code, caches, the lists of open servers. */
const FIRST = 2000
/** What collections and compiled code may differ by, in megabytes; the more requests, the less each may leave behind. */
const ALLOWANCE = requests > 100_000 ? 5 : requests > 10_000 ? 2 : 1
const MEGABYTE = 1024 * 1024

/** With which a service can tell what is held. */
const GC = ['--expose-gc', '--no-warnings']
/** How often each of what is rare is asked for in all, and how often at first. */
const each = Math.max(240, Math.ceil(requests / 2000) * 40)
const firstEach = 100
/** The size of a header that each of those requests has: what is held is seen by its weight. */
const ballastBytes = 12_000

function start(file: string, execArgv: string[], ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = fork(path, args, { cwd: root, execArgv, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

/** What a service is asked for when its clients have gone. */
interface Rest {
  readonly heapUsed: number
  /** How many requests, and records of them, there still are: those of parsers, and the prototypes of frameworks. */
  readonly held: Readonly<Record<string, number>>
}

/** What may be held of each kind. */
const HELD = 50

const megabytes = ({ heapUsed }: Rest): string => `${(heapUsed / MEGABYTE).toFixed(1)} MB`

function expectFewHeld({ held }: Rest): void {
  expect(Object.keys(held).length).toBeGreaterThan(2)
  expect(Object.entries(held).filter(([, count]) => count > HELD)).toEqual([])
}

async function answerOf<T>(child: ChildProcess, message?: object | string): Promise<T> {
  const answer = once(child, 'message')
  if (message !== undefined) child.send(message)
  return (await answer)[0] as T
}

test(
  `after ${requests} requests, many of which left, no memory is held and no request is open`,
  async () => {
    const server = start('server.mjs', GC)
    const load = start('load.mjs', [])
    if (server.stdout === null) throw new Error('no pipe')
    const tally = new Tally()
    createInterface(server.stdout).on('line', (line) => tally.add(line))
    const { ports } = await answerOf<{ ports: number[] }>(server)
    const after = async (count: number): Promise<Rest> => {
      await answerOf(load, { ports, requests: count })
      return answerOf(server, 'rest')
    }

    const first = await after(FIRST)
    const last = await after(requests - FIRST)
    server.send('close')
    await once(server, 'close')

    const { started, outcomes, open, strays } = tally
    if (process.env.REQUESTS !== undefined) {
      const heaps = `${megabytes(first)} after ${FIRST} requests, ${megabytes(last)} after ${started}`
      console.log(`heap: ${heaps}; ${JSON.stringify(outcomes)}; held: ${JSON.stringify(last.held)}`)
    }
    expect(started).toBeGreaterThanOrEqual(requests)
    expect({ open, strays }).toEqual({ open: 0, strays: [] })
    expect(Object.keys(outcomes).sort()).toEqual(['aborted', 'completed'])
    expect((last.heapUsed - first.heapUsed) / MEGABYTE).toBeLessThan(ALLOWANCE)
    expectFewHeld(last)
  },
  60_000 + requests,
)

test(
  `WebSockets, proxied uploads and HEAD over HTTP/2, ${each} each, hold no memory and leave no request open`,
  async () => {
    const load = start('rare-load.mjs', [])
    const { url } = await answerOf<{ url: string }>(load)
    const server = start('rare-server.mjs', GC, url)
    if (server.stdout === null) throw new Error('no pipe')
    const tally = new Tally()
    createInterface(server.stdout).on('line', (line) => tally.add(line))
    const { ports } = await answerOf<{ ports: number[] }>(server)
    const after = async (count: number): Promise<Rest> => {
      await answerOf(load, { ports, each: count, ballastBytes })
      await answerOf(server, { sockets: count, ballastBytes })
      return answerOf(server, 'rest')
    }

    const first = await after(firstEach)
    const last = await after(each - firstEach)
    load.kill()
    server.send('close')
    await once(server, 'close')

    const { outcomes, open, strays } = tally
    if (process.env.REQUESTS !== undefined) {
      const heaps = `${megabytes(first)}, then ${megabytes(last)}`
      console.log(`heap: ${heaps}; ${JSON.stringify(outcomes)}; held: ${JSON.stringify(last.held)}`)
    }
    expect({ open, strays }).toEqual({ open: 0, strays: [] })
    // Of the uploads to both services half are left, and half of HEAD is reset before its answer.
    expect(outcomes).toEqual({ aborted: each * 1.5, completed: each * 1.5, upgraded: each * 2 })
    // If one kind of them is held, its headers alone weigh twice that.
    expect(last.heapUsed - first.heapUsed).toBeLessThan(((each - firstEach) * ballastBytes) / 2)
    expectFewHeld(last)
  },
  60_000 + requests,
)
