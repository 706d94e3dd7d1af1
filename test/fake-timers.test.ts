import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import { LineWriter } from '../src/output/stdout-writer.js'
import { finish, startProgram, startUnread } from './support/program.js'

/** Replaces the timers of a program by functions that do nothing, as a test does that fakes them, and restores them. */
const FAKE = `
  const { setImmediate: immediate, setTimeout: wait } = globalThis
  const turn = () => new Promise((resolve) => immediate(resolve))
  const real = { setImmediate, setTimeout, setInterval, queueMicrotask, performance }
  const fake = () => {
    for (const name of Object.keys(real))
      Object.defineProperty(globalThis, name, { value: () => ({ unref() {} }), configurable: true, writable: true })
  }
  const restore = () => {
    for (const [name, value] of Object.entries(real))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
`
/** Ends a process without anything that happens at exit. */
const DIE = `process.kill(process.pid, 'SIGKILL')`

function messagesOf(stdout: string): unknown[] {
  const lines = stdout.split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => (JSON.parse(line) as { message: unknown }).message)
}

test.each([
  ['before', '', 'fake()'],
  ['after', 'fake()', ''],
])(
  'lines are written when waybill is loaded %s timers are faked, and when they are restored',
  async (_when, before, after) => {
    const program = `${FAKE}
    ${before}
    const { createLogger } = await import('waybill')
    ${after}
    const log = createLogger({ format: 'json' })
    log.info('while faked')
    await turn()
    restore()
    log.info('restored')
    await turn()
    ${DIE}
  `
    expect(messagesOf((await finish(startProgram(program))).stdout)).toEqual(['while faked', 'restored'])
  },
)

test('a slow reader is tried again while timers are faked', async () => {
  const program = `${FAKE}
    import { createLogger } from 'waybill'
    const log = createLogger({ format: 'json' })
    fake()
    for (let n = 0; n < 1000; n++) log.info({ text: 'x'.repeat(100) }, String(n))
    process.stderr.write('written')
    wait(() => {}, 600_000)
  `
  const { child, open } = startUnread(program)
  await once(child.stderr as Readable, 'data')
  const messages: unknown[] = []
  for await (const line of createInterface(open())) {
    messages.push(JSON.parse(line).message)
    if (messages.length === 1000) child.kill('SIGKILL')
  }
  expect(messages).toEqual(Array.from({ length: 1000 }, (_, n) => String(n)))
})

test('a request that has no server, as on AWS Lambda, is completed while microtasks are faked', async () => {
  const event = {
    version: '2.0',
    rawPath: '/',
    headers: {},
    requestContext: { requestId: '1', http: { method: 'GET', sourceIp: '203.0.113.7' } },
  }
  const program = `
    import serverless from '@codegenie/serverless-express'
    import express from 'express'
    import waybill from 'waybill/express'
    const app = express().use(waybill({ format: 'json' }))
    app.get('/', (request, response) => response.end('ok'))
    queueMicrotask = () => {}
    await serverless({ app })(${JSON.stringify(event)}, {})
    await new Promise(setImmediate)
    ${DIE}
  `
  const messages = messagesOf((await finish(startProgram(program))).stdout)
  expect(messages).toEqual(['GET /', expect.stringMatching(/^GET \/ 200 /)])
})

afterEach(() => {
  vi.useRealTimers()
})

test('fake timers of a test runner, installed after waybill was loaded, do not stop the writer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-'))
  const immediate = setImmediate
  const turn = (): Promise<void> => new Promise((resolve) => immediate(resolve))
  try {
    const file = join(folder, 'out.log')
    const output = { fd: openSync(file, 'w'), atOnce: false, maxWriteBytes: 4096 }
    const rules = { maxHeldBytes: 10_000, whenFull: 'drop', lossLine: () => '' } as const
    const writer = new LineWriter(output, rules)
    vi.useFakeTimers({
      toFake: ['setImmediate', 'setTimeout', 'setInterval', 'queueMicrotask', 'performance', 'Date'],
    })
    writer.write('while faked\n')
    await turn()
    expect(readFileSync(file, 'utf8')).toBe('while faked\n')
    vi.useRealTimers()
    writer.write('restored\n')
    await turn()
    expect(readFileSync(file, 'utf8')).toBe('while faked\nrestored\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
