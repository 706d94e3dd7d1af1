import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { finish, startPiped } from '../support/program.js'

const autocannon = fileURLToPath(import.meta.resolve('autocannon'))

/** A service whose lines are long. It says how many bytes it can't free, and ends when it is asked to. */
const SERVICE = `
  import v8 from 'node:v8'
  import vm from 'node:vm'
  import Fastify from 'fastify'
  import waybill from 'waybill'
  const app = Fastify()
  await app.register(waybill, { include: ['header:x-long'] })
  app.get('/', async () => 'ok')
  v8.setFlagsFromString('--expose-gc')
  const collectGarbage = vm.runInNewContext('gc')
  app.get('/memory', async () => {
    collectGarbage()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  })
  app.get('/end', async () => {
    setImmediate(() => app.close())
    return 'ok'
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  process.stderr.write('http://127.0.0.1:' + app.server.address().port)
`

/** Sends requests at full speed, from a process of its own; how many were answered well. */
async function load(service: string, requests: number): Promise<number> {
  const args = ['--json', '--amount', String(requests), '--connections', '20']
  const header = ['--headers', `X-Long=${'x'.repeat(3000)}`]
  const loader = spawn(process.execPath, [autocannon, ...args, ...header, service])
  const { '2xx': answered } = JSON.parse((await finish(loader)).stdout) as { '2xx': number }
  return answered
}

test('a stalled reader under full load costs no answer and no memory, and every lost line is counted', async () => {
  // Nobody reads what cat has read before the end, so that cat stops reading.
  const child = startPiped(SERVICE, 'cat')
  if (!child.stderr) throw new Error('no pipe')
  const [address] = (await once(child.stderr, 'data')) as [Buffer]
  const service = String(address)
  const memory = async (): Promise<number> => Number(await (await fetch(`${service}/memory`)).text())

  const idle = await memory()
  // Their lines take 35 MB.
  expect(await load(service, 5000)).toBe(5000)
  expect((await memory()) - idle).toBeLessThan(16 * 1024 * 1024)

  const output = finish(child)
  await fetch(`${service}/end`)
  const { stdout } = await output
  const lines = stdout.split('\n')
  expect(lines.pop()).toBe('')
  const parsed = lines.map((line) => JSON.parse(line) as { event?: string; dropped: number })
  const events = parsed.filter(({ event }) => event?.startsWith('request.'))
  const losses = parsed.filter(({ event }) => event === 'log.dropped')
  expect(losses).toHaveLength(1)
  expect(events.length + (losses[0]?.dropped ?? 0)).toBe(2 * 5003)
}, 60_000)
