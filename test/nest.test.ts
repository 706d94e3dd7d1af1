import { execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { Capture } from './support/capture.js'
import { ask } from './support/http.js'
import { root } from './support/program.js'

beforeAll(() => {
  execFileSync('node_modules/.bin/tsc', ['-p', 'examples'], { cwd: root })
}, 60_000)

/** Starts an example, and gives what it logs. */
async function startExample(name: string): Promise<{ log: Capture; port: number }> {
  const child = spawn(process.execPath, [`examples/build/${name}.js`], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const log = new Capture()
  createInterface(child.stdout).on('line', (line) => log.write(line))
  const { message } = await log.until((line) => /^Server listening at /.test(String(line.message)))
  return { log, port: Number(/\d+$/.exec(String(message))?.[0]) }
}

test.each(['nest-express', 'nest-fastify'])(
  'NestJS: %s logs the requests of its controllers',
  async (name) => {
    const { log, port } = await startExample(name)
    for (const path of ['/users/1?token=secret', '/users/9', '/nowhere'])
      await ask(port, path, { headers: { 'X-Request-Id': `id-of-${path.slice(1, 8)}` } })
    await ask(port, '/users/1/orders')
    await ask(port, '/orders/a1/pay', { method: 'POST' })
    const lines = await log.completions(5)
    expect(log.events('started')).toHaveLength(5)
    expect(lines).toMatchObject([
      { request_id: 'id-of-users/1', route: '/users/:id', status: 200, level: 'info' },
      {
        request_id: 'id-of-users/9',
        route: '/users/:id',
        status: 404,
        level: 'warn',
        error: { type: 'NotFoundException', message: 'no such user' },
      },
      { request_id: 'id-of-nowhere', status: 404, level: 'warn' },
      { route: '/users/:id/orders', status: 200, user_id: '1', orders: 2 },
      {
        route: '/orders/:id/pay',
        status: 500,
        level: 'error',
        provider: 'acme-pay',
        error: { message: 'payment provider does not answer', stack: expect.any(String) },
      },
    ])
    expect(lines[2]).not.toHaveProperty('route')
    const handler = log.lines.find(({ message }) => message === 'looking up user')
    expect(handler).toMatchObject({ request_id: 'id-of-users/1', found: true })
    expect(log.raw.join('')).not.toContain('secret')
  },
)
