import { connect as connectHttp2 } from 'node:http2'
import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import waybill from '../../src/index.js'
import { Capture } from '../support/capture.js'
import { open, serve, serveHttp2 } from '../support/connection.js'
import { listen } from '../support/http.js'

const options = { level: 'debug' } as const

/** A route whose handler goes on until it is told, and then ends as it is told. */
function goingOn(end: () => unknown): { declare: (app: FastifyInstance) => void; goOn: () => void } {
  let goOn = (): void => {}
  const declare = (app: FastifyInstance): void => {
    app.get('/', async () => {
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
      return end()
    })
  }
  return { declare, goOn: () => goOn() }
}

const isLate = (line: object): boolean => 'late_ms' in line

test('a handler that answers after its client has left logs one debug line with the delay', async () => {
  const { declare, goOn } = goingOn(() => 'late')
  const { app, log, port } = await serve(declare, { options })
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', 'X-Request-Id: abc', '')
  await log.starts(1)
  client.leaveByRst()
  const [completed] = await log.completions(1)
  goOn()
  const late = await log.until(isLate)
  await app.close()
  expect(completed).toMatchObject({ request_id: 'abc', outcome: 'aborted' })
  expect(late).toEqual({
    timestamp: expect.any(String),
    level: 'debug',
    request_id: 'abc',
    late_ms: expect.any(Number),
    message: `answered ${late.late_ms}ms after its client had left`,
  })
  expect(late.late_ms).toBeGreaterThanOrEqual(0)
  expect(log.lines.filter(isLate)).toHaveLength(1)
})

test('a handler that fails after its client has left logs the error in that line', async () => {
  const { declare, goOn } = goingOn(() => {
    throw new TypeError('too late')
  })
  const { app, log, port } = await serve(declare, { options })
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', '')
  await log.starts(1)
  client.leaveByFin()
  await log.completions(1)
  goOn()
  const late = await log.until(isLate)
  await app.close()
  expect(late).toMatchObject({
    level: 'debug',
    error: { type: 'TypeError', message: 'too late', stack: expect.stringContaining('late.test') },
  })
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
})

test('a handler that answers after an HTTP/2 reset logs that line too', async () => {
  const { declare, goOn } = goingOn(() => 'late')
  const { app, log, port } = await serveHttp2(declare, options)
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  const request = session.request({ ':path': '/' })
  request.on('error', () => {})
  await log.starts(1)
  request.close(8)
  await log.completions(1)
  goOn()
  await log.until(isLate)
  session.destroy()
  await app.close()
  expect(log.lines.filter(isLate)).toMatchObject([{ level: 'debug' }])
})

test("the line goes through the app's own logger, at level debug", async () => {
  for (const [level, lines] of [
    ['debug', 1],
    ['info', 0],
  ] as const) {
    const log = new Capture()
    const { declare, goOn } = goingOn(() => 'late')
    const app = Fastify({ logger: { level, stream: log } })
    await app.register(waybill)
    declare(app)
    const client = await open(await listen(app))
    client.send('GET / HTTP/1.1', 'Host: h', 'X-Request-Id: abc', '')
    await log.starts(1)
    client.leaveByRst()
    await log.completions(1)
    goOn()
    await new Promise(setImmediate)
    await app.close()
    expect(log.lines.filter(isLate)).toHaveLength(lines)
    for (const line of log.lines.filter(isLate)) expect(line).toMatchObject({ level: 20, request_id: 'abc' })
  }
})

test('a handler that answers with a stream after its client has left logs that line too', async () => {
  const { declare, goOn } = goingOn(() => Readable.from(['late']))
  const { app, log, port } = await serve(declare, { options })
  const client = await open(port)
  client.send('GET / HTTP/1.1', 'Host: h', '')
  await log.starts(1)
  client.leaveByRst()
  await log.completions(1)
  goOn()
  await log.until(isLate)
  await app.close()
  expect(log.lines.filter(isLate)).toHaveLength(1)
})
