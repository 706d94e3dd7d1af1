import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Line } from '../support/capture.js'
import { ask } from '../support/http.js'

const folder = new URL('../../examples/deploy/', import.meta.url)
const [, procfileCommand = ''] = /^web: (.+)$/m.exec(readFileSync(new URL('Procfile', folder), 'utf8')) ?? []

/** The deployed service, and what it has printed so far. */
interface Deployed {
  readonly child: ChildProcess
  readonly port: number
  readonly lines: Line[]
  /** All that is printed, when it has ended; and its exit code. */
  readonly ended: Promise<{ code: number | null; stderr: string }>
}

/** Starts what the Procfile says. */
async function deploy(env: NodeJS.ProcessEnv = {}): Promise<Deployed> {
  const [command = '', ...args] = procfileCommand.split(' ')
  const child = spawn(command.replace(/^node$/, process.execPath), args, {
    cwd: folder,
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: Line[] = []
  const reader = createInterface(child.stdout)
  const ended = Promise.all([once(child, 'close'), text(child.stderr)]).then(([[code], stderr]) => ({
    code,
    stderr,
  }))
  const listening = new Promise<number>((resolve) => {
    reader.on('line', (line) => {
      lines.push(JSON.parse(line))
      const port = /^Server listening at .*:(\d+)$/.exec(String(lines.at(-1)?.message))?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })
  return { child, port: await listening, lines, ended }
}

/** Asks one thing after the other over one connection, until it is closed; the ids of what was answered. */
async function askOn(port: number, paths: readonly string[], answered: () => void): Promise<string[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const ids: string[] = []
  try {
    for (let n = 0; ; n++) {
      const request = http.get({ host: '127.0.0.1', port, path: paths[n % paths.length], agent })
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      await text(response)
      ids.push(String(response.headers['x-request-id']))
      answered()
    }
  } catch {
    agent.destroy()
    return ids
  }
}

function idsOf(lines: readonly Line[], event: string): unknown[] {
  return lines.filter((line) => line.event === event).map((line) => line.request_id)
}

test('SIGTERM under load loses no request from the log, and the service exits with 0', async () => {
  const { child, port, lines, ended } = await deploy()
  const paths = ['/users/1', '/reports/30', '/users/0', '/broken']
  let count = 0
  let isBusy = (): void => {}
  const busy = new Promise<void>((resolve) => {
    isBusy = resolve
  })
  const clients = Array.from({ length: 20 }, () => askOn(port, paths, () => ++count > 200 && isBusy()))
  await busy
  child.kill('SIGTERM')
  const answered = (await Promise.all(clients)).flat()
  expect(await ended).toEqual({ code: 0, stderr: '' })

  const completions = lines.filter(({ event }) => event === 'request.completed')
  const completed = completions.map(({ request_id: id }) => id)
  expect(answered.length).toBeGreaterThan(100)
  expect(new Set(completed).size).toBe(completed.length)
  expect([...idsOf(lines, 'request.started')].sort()).toEqual([...completed].sort())
  const known = new Set(completed)
  expect(answered.filter((id) => !known.has(id))).toEqual([])
  // Fastify 5.10 closes connections that are busy, too: what it breaks off is unfinished, and nobody's answer.
  const ids = new Set<unknown>(answered)
  const others = completions.filter(({ outcome }) => outcome !== 'completed' && outcome !== 'rejected')
  expect(others.filter(({ outcome }) => outcome !== 'unfinished')).toEqual([])
  expect(others.filter(({ request_id: id }) => ids.has(id))).toEqual([])
})

test('a request still open after the grace period is logged as unfinished, and the service exits with 0', async () => {
  const { child, port, lines, ended } = await deploy({ GRACE_MS: '200' })
  const hung = ask(port, '/reports/60000').catch((error: Error) => error)
  while (idsOf(lines, 'request.started').length === 0) await sleep(10)
  child.kill('SIGTERM')
  expect(await ended).toEqual({ code: 0, stderr: '' })
  expect(await hung).toBeInstanceOf(Error)
  expect(lines.at(-1)).toMatchObject({
    event: 'request.completed',
    path: '/reports/60000',
    outcome: 'unfinished',
  })
})

test('health checks are not logged', async () => {
  const { child, port, lines, ended } = await deploy()
  for (let n = 0; n < 5; n++) expect(await ask(port, '/healthz')).toMatchObject({ status: 200 })
  expect(await ask(port, '/users/1')).toMatchObject({ status: 200 })
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ code: 0 })
  expect(lines.flatMap(({ path }) => path ?? [])).toEqual(['/users/1', '/users/1'])
})
