import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { finish, startPiped } from './support/program.js'

const autocannon = fileURLToPath(import.meta.resolve('autocannon'))

/** A service whose lines are long; it ends when it is asked to. */
const SERVICE = `
  import Fastify from 'fastify'
  import waybill from 'waybill'
  const app = Fastify()
  await app.register(waybill, { include: ['header:x-long'] })
  app.get('/', async () => 'ok')
  app.get('/end', async () => {
    setImmediate(() => app.close())
    return 'ok'
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  process.stderr.write(JSON.stringify({ pid: process.pid, port: app.server.address().port }))
`

/** Sends requests at full speed, from a process of its own; how many were answered well. */
async function load(port: number, requests: number): Promise<number> {
  const args = ['--json', '--amount', String(requests), '--connections', '20']
  const header = ['--headers', `X-Long=${'x'.repeat(3000)}`]
  const loader = spawn(process.execPath, [autocannon, ...args, ...header, `http://127.0.0.1:${port}/`])
  const { '2xx': answered } = JSON.parse((await finish(loader)).stdout) as { '2xx': number }
  return answered
}

function residentBytes(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return Number(kilobytes) * 1024
}

test('under full load, a reader that stalls costs no answer, no memory, no torn line and none that is not counted', async () => {
  // What cat read is not read on for now, so that it stops reading.
  const child = startPiped(SERVICE, 'cat')
  if (!child.stderr) throw new Error('no pipe')
  const [started] = (await once(child.stderr, 'data')) as [Buffer]
  const { pid, port } = JSON.parse(String(started)) as { pid: number; port: number }

  expect(await load(port, 3000)).toBe(3000)
  const before = residentBytes(pid)
  // Their lines take 70 MB.
  expect(await load(port, 10_000)).toBe(10_000)
  expect(residentBytes(pid) - before).toBeLessThan(32 * 1024 * 1024)

  const output = finish(child)
  expect((await fetch(`http://127.0.0.1:${port}/end`)).status).toBe(200)
  const { stdout } = await output
  const lines = stdout.split('\n')
  expect(lines.pop()).toBe('')
  const parsed = lines.map((line) => JSON.parse(line) as { event?: string; dropped: number })
  const events = parsed.filter(({ event }) => event?.startsWith('request.'))
  const losses = parsed.filter(({ event }) => event === 'log.dropped')
  expect(losses).toHaveLength(1)
  expect(events.length + (losses[0]?.dropped ?? 0)).toBe(2 * 13_001)
}, 60_000)
