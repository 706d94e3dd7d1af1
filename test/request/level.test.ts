import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { completionLevelOf } from '../../src/request/outcome.js'
import { startApp } from '../support/app.js'
import { ask, listen } from '../support/http.js'

test.each([
  [200, 'completed', 'info'],
  [304, 'completed', 'info'],
  [404, 'completed', 'warn'],
  [499, 'completed', 'warn'],
  [500, 'completed', 'error'],
  [503, 'completed', 'error'],
  [499, 'aborted', 'info'],
  [500, 'aborted', 'info'],
  [200, 'aborted', 'info'],
  [200, 'destroyed', 'info'],
] as const)('a request that ends %i %s is %s', (status, outcome, level) => {
  expect(completionLevelOf(status, outcome, false)).toBe(level)
})

test('a slow request is at least a warning', () => {
  expect(completionLevelOf(200, 'completed', true)).toBe('warn')
  expect(completionLevelOf(200, 'aborted', true)).toBe('warn')
  expect(completionLevelOf(500, 'completed', true)).toBe('error')
})

test('a request that the service breaks off with an error is an error of the service', () => {
  expect(completionLevelOf(200, 'destroyed', false, true)).toBe('error')
  expect(completionLevelOf(undefined, 'unfinished', false, true)).toBe('error')
  expect(completionLevelOf(200, 'aborted', false, true)).toBe('info')
  expect(completionLevelOf(404, 'completed', false, true)).toBe('warn')
})

test('a stream that fails half-way is logged at error, with its stack', async () => {
  const { app, log } = await startApp({ level: 'warn' })
  app.get('/', async () => {
    let pieces = 0
    return new Readable({
      read() {
        if (pieces++ === 0) this.push('half')
        else this.destroy(new Error('disk gone'))
      },
    })
  })
  const port = await listen(app)
  await ask(port, '/').catch(() => {})
  await log.completions(1)
  await app.close()
  expect(log.lines).toMatchObject([
    {
      level: 'error',
      outcome: 'destroyed',
      status: 200,
      error: { message: 'disk gone', stack: expect.any(String) },
    },
  ])
})
