import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { type DestinationStream, pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import waybill from '../../src/index.js'
import { finish, startProgram } from '../support/program.js'
import { nextWarning } from '../support/warnings.js'

// What writes to a descriptor makes a system call of each piece: events of one turn go there in one.

/** The longest that a file may take to have its lines, on the busiest machine. */
const WAIT_MS = 20_000

interface Stream extends DestinationStream {
  flushSync(): void
  reopen(file: string): void
  destroy(): void
  on(event: 'write' | 'ready', listener: () => void): void
}

/** Makes a stream write nothing before it is flushed: its flushSync() does not wait for a write that is under way. */
const BUFFERED = { minLength: 8192 }

interface Setup {
  readonly app: FastifyInstance
  readonly stream: Stream
  /** The lines in the file now, by what they say. */
  messages(name?: string): string[]
  path(name: string): string
}

async function setup(options = {}): Promise<Setup> {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-'))
  const path = (name: string): string => join(folder, name)
  const stream = pino.destination({ dest: path('log'), sync: false, ...options }) as unknown as Stream
  await new Promise<void>((resolve) => stream.on('ready', resolve))
  const app = Fastify({ loggerInstance: pino(stream) as FastifyBaseLogger })
  await app.register(waybill)
  onTestFinished(async () => {
    await app.close()
    rmSync(folder, { recursive: true })
  })
  const messages = (name = 'log'): string[] =>
    readFileSync(path(name), 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).msg.replace(/ [\d.]+ms$/, ''))
  return { app, stream, messages, path }
}

test('events of one turn of the event loop are one write', async () => {
  const { app, stream, messages } = await setup()
  app.get('/:id', async () => 'ok')
  await app.ready()
  let writes = 0
  stream.on('write', () => writes++)
  await Promise.all(Array.from({ length: 100 }, (_, at) => app.inject(`/${at}`)))
  await vi.waitFor(() => expect(messages()).toHaveLength(200), WAIT_MS)
  expect(writes).toBeLessThan(20)
})

test('events and log lines of the app keep their order', async () => {
  const { app, stream, messages } = await setup(BUFFERED)
  app.get('/', async (request) => {
    request.log.info('first')
    app.log.info('second')
    request.log.child({ part: 1 }).warn('third')
    return 'ok'
  })
  await app.inject('/')
  stream.flushSync()
  expect(messages()).toEqual(['GET /', 'first', 'second', 'third', 'GET / 200'])
})

test('flushing the logger writes the events before it', async () => {
  const { app, stream, messages } = await setup(BUFFERED)
  const seen: string[][] = []
  app.get('/', async () => {
    stream.flushSync()
    seen.push(messages())
    return 'ok'
  })
  await app.inject('/')
  expect(seen).toEqual([['GET /']])
})

test('a reopened file has the later events, the old file the earlier ones', async () => {
  const { app, stream, messages, path } = await setup()
  app.get('/', async () => {
    stream.reopen(path('next'))
    return 'ok'
  })
  await app.inject('/')
  await vi.waitFor(() => expect(messages('next')).toEqual(['GET / 200']), WAIT_MS)
  expect(messages()).toEqual(['GET /'])
})

test('a write that replaces that of the stream later gets every line, in order', async () => {
  const { app, stream, messages } = await setup(BUFFERED)
  const seen: string[] = []
  app.get('/', async () => 'ok')
  app.get('/replace', async () => {
    const { write } = stream
    stream.write = (line) => {
      seen.push(JSON.parse(line).msg.replace(/ [\d.]+ms$/, ''))
      write.call(stream, line)
    }
    app.log.info('app')
    return 'ok'
  })
  for (const path of ['/', '/replace', '/']) await app.inject(path)
  stream.flushSync()
  expect(seen).toEqual(['app', 'GET /replace 200', 'GET /', 'GET / 200'])
  expect(messages()).toEqual(['GET /', 'GET / 200', 'GET /replace', ...seen])
})

test('a stream that writes at once still writes at once', async () => {
  const { app, messages } = await setup({ sync: true })
  const seen: string[][] = []
  app.get('/', async () => {
    seen.push(messages())
    return 'ok'
  })
  await app.inject('/')
  expect(seen).toEqual([['GET /']])
})

test('a destroyed stream loses its lines with a warning, and no request', async () => {
  const { app, stream } = await setup()
  app.get('/', async () => {
    stream.destroy()
    return 'ok'
  })
  app.log.level = 'warn'
  app.get('/fail', async (_, reply) => reply.code(500).send('no'))
  const warning = nextWarning()
  expect((await app.inject('/')).body).toBe('ok')
  expect((await app.inject('/fail')).statusCode).toBe(500)
  expect(await warning).toEqual({
    code: 'WAYBILL_WARN_EVENT_LOST',
    message: expect.stringContaining('log lines are lost'),
  })
})

test('a process that exits in a handler writes the start and the completion of its request', async () => {
  const child = startProgram(`
    import Fastify from 'fastify'
    import waybill from 'waybill'
    const app = Fastify({ logger: true })
    await app.register(waybill)
    app.get('/', () => process.exit(3))
    app.inject('/')
  `)
  const { code, stdout } = await finish(child)
  expect(code).toBe(3)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  // In either order: pino's flushSync() does not wait for a write that is under way.
  expect(lines.map(({ event, outcome }) => [event, outcome]).sort()).toEqual([
    ['request.completed', 'unfinished'],
    ['request.started', undefined],
  ])
})
