import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { BARE_ENV, type Ended, run } from './process.js'

const PM2 = join(inject('tools'), 'node_modules/pm2/bin/pm2')

const APP = `
  import Fastify from 'fastify'
  import waybill from 'waybill'

  const app = Fastify()
  await app.register(waybill)
  app.get('/users/:id', async (request) => {
    request.log.info('looking up user')
    return 'Ada'
  })
  app.get('/slow', async (request, reply) => {
    await new Promise((resolve) => process.once('SIGINT', () => setTimeout(resolve, 50)))
    // A connection that is kept would keep the server from closing.
    reply.header('connection', 'close')
    return 'late'
  })
  process.once('SIGINT', async () => {
    await app.close()
    process.exit()
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
`

type Line = Record<string, unknown>

/** Starts the app under pm2, with a home and a log of its own. */
async function startApp(mode: string, instances: readonly string[]) {
  const folder = join(inject('project'), `pm2-${mode}`)
  await mkdir(folder)
  await writeFile(join(folder, 'app.mjs'), APP)
  const home = join(folder, 'home')
  const env = { ...BARE_ENV, HOME: folder, PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: 'true' }
  const pm2 = async (...args: string[]): Promise<Ended> => {
    const ended = await run(process.execPath, [PM2, ...args], folder, env)
    expect(ended.by, ended.stdout + ended.stderr).toBe(0)
    return ended
  }
  // The daemon lives until it is told to go.
  onTestFinished(async () => {
    const pid = Number(await readFile(join(home, 'pm2.pid'), 'utf8').catch(() => ''))
    await pm2('kill')
    if (pid > 0) await vi.waitUntil(() => !isRunning(pid), { timeout: 20_000 })
  }, 60_000)

  const [log, errors] = [join(folder, 'out.log'), join(folder, 'error.log')]
  const files = ['--output', log, '--error', errors, '--merge-logs', '--kill-timeout', '60000']
  await pm2('start', 'app.mjs', '--name', 'shop', ...files, ...instances)
  const lines = async (): Promise<Line[]> =>
    (await readFile(log, 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
  return { pm2, lines, stderr: () => readFile(errors, 'utf8') }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const eventually = <T>(check: () => Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 60_000, interval: 50 })

test.each([
  ['fork', []],
  ['cluster', ['--instances', '2']],
])('the log of pm2 has every start and completion in %s mode, to the last', async (mode, instances) => {
  const { pm2, lines, stderr } = await startApp(mode, instances)
  const processes = instances.length === 0 ? 1 : 2
  const origin = await eventually(async () => {
    const listening = (await lines()).map(
      ({ message }) => /^Server listening at (.+)$/.exec(String(message))?.[1],
    )
    expect(listening.filter(Boolean)).toHaveLength(processes)
    return listening.find(Boolean)
  })

  const ids = Array.from({ length: 50 }, (_, index) => `request-${index}`)
  const answered = await Promise.all(
    ids.map(async (id) => {
      const response = await fetch(`${origin}/users/42`, { headers: { 'x-request-id': id } })
      return [await response.text(), response.headers.get('x-request-id')]
    }),
  )
  expect(answered).toEqual(ids.map((id) => ['Ada', id]))
  const slow = fetch(`${origin}/slow`, { headers: { 'x-request-id': 'slow' } }).then((response) =>
    response.text(),
  )
  await eventually(async () =>
    expect(await lines()).toContainEqual(expect.objectContaining({ request_id: 'slow' })),
  )
  await pm2('stop', 'shop')
  expect(await slow).toBe('late')

  // pm2 may write what its processes have handed over after they are gone.
  const all = await eventually(async () => {
    const found = await lines()
    expect(found.filter(({ event }) => event === 'request.completed')).toHaveLength(ids.length + 1)
    return found
  })
  for (const event of ['request.started', 'request.completed'])
    expect(
      all
        .filter((line) => line.event === event)
        .map(({ request_id }) => request_id)
        .sort(),
    ).toEqual([...ids, 'slow'].sort())
  expect(all.filter(({ outcome }) => outcome !== undefined && outcome !== 'completed')).toEqual([])
  expect(await stderr()).toBe('')
})
