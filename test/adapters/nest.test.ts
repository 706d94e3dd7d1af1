import { execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Line } from '../support/capture.js'
import { ask } from '../support/http.js'
import { finish, type Run, root } from '../support/program.js'

const STARTUP_MS = 30_000

beforeAll(() => {
  const tsc = 'node_modules/typescript/bin/tsc'
  // Where Nest brings another Fastify than the one beside waybill, their types are not each other's.
  execFileSync(process.execPath, [tsc, '-p', 'examples', '--noCheck'], { cwd: root })
}, STARTUP_MS)

/** Starts an example, asks it and ends it. */
async function visit(example: string, asks: (port: number) => Promise<void>): Promise<Run> {
  const child = spawn(process.execPath, [`examples/build/${example}.js`], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const run = finish(child)
  const listening = new Promise<number>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      const port = /Server listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })
  const port = await Promise.race([listening, run.then(({ stderr }) => Promise.reject(new Error(stderr)))])
  await asks(port)
  child.kill('SIGTERM')
  return run
}

function linesOf({ stdout }: Run): readonly Line[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

describe.each(['nest-express', 'nest-fastify'])('examples/%s.ts', (example) => {
  test('has one completion for every request, with its route, its fields and what failed', {
    timeout: STARTUP_MS,
  }, async () => {
    const ids: unknown[] = []
    const run = await visit(example, async (port) => {
      const visits = [
        await ask(port, '/users/1'),
        await ask(port, '/users/1/orders', { headers: { 'X-Request-Id': 'checkout-7f3a' } }),
        await ask(port, '/users/99'),
        await ask(port, '/nowhere?token=never-logged'),
        await ask(port, '/orders/a1/pay', { method: 'POST' }),
      ]
      ids.push(...visits.map(({ headers }) => headers['x-request-id']))
    })

    expect({ ...run, stdout: '' }).toEqual({ code: null, stdout: '', stderr: '' })
    const lines = linesOf(run)
    expect(run.stdout).not.toContain('never-logged')
    const completions = lines.filter(({ event }) => event === 'request.completed')
    expect(completions.map(({ request_id }) => request_id)).toEqual(ids)
    expect(completions).toMatchObject([
      { route: '/users/:id', status: 200, level: 'info', outcome: 'completed' },
      { request_id: 'checkout-7f3a', route: '/users/:id/orders', status: 200, user_id: '1', orders: 2 },
      { path: '/users/99', route: '/users/:id', status: 404, level: 'warn' },
      { path: '/nowhere', status: 404, level: 'warn' },
      {
        route: '/orders/:id/pay',
        status: 500,
        level: 'error',
        provider: 'acme-pay',
        error: { message: 'payment provider does not answer', stack: expect.any(String) },
      },
    ])
    expect(completions[3]).not.toHaveProperty('route')
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    const told = lines.filter(({ message }) => message === 'looking up user')
    expect(told.map(({ request_id, found }) => [request_id, found])).toEqual([
      [ids[0], true],
      [ids[2], false],
    ])
  })
})
