import { expect, test } from 'vitest'
import { finish, startProgram } from '../support/program.js'

test.each([
  ['process.exit', 'process.exit(3)', 3],
  ['an uncaught exception', 'setImmediate(() => { throw new Error("fatal") })', 1],
  ['an unhandled rejection', 'Promise.reject(new Error("fatal"))', 1],
])('a process that ends by %s writes a completion for every open request', async (_case, end, code) => {
  const run = await finish(
    startProgram(`
      import http from 'node:http'
      import Fastify from 'fastify'
      import waybill from 'waybill'
      const app = Fastify()
      await app.register(waybill)
      app.get('/open', () => {})
      app.get('/half', (_request, reply) => {
        reply.hijack()
        reply.raw.writeHead(200)
        reply.raw.write('half', () => { ${end} })
      })
      const origin = await app.listen({ port: 0, host: '127.0.0.1' })
      http.get(origin + '/open', { headers: { 'x-request-id': 'open' } }).on('error', () => {})
      app.server.once('request', () => http.get(origin + '/half', { headers: { 'x-request-id': 'half' } }).on('error', () => {}))
    `),
  )
  expect(run.code).toBe(code)
  const lines = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const completed = lines.filter(({ event }) => event === 'request.completed')
  expect(completed.map(({ request_id, status, outcome }) => [request_id, status, outcome])).toEqual([
    ['open', undefined, 'unfinished'],
    ['half', 200, 'unfinished'],
  ])
  expect(completed[0]).not.toHaveProperty('status')
  expect(completed[0]?.message).toMatch(/^GET \/open [\d.]+ms unfinished$/)
})

const SERVICE = `
  import http from 'node:http'
  import Fastify from 'fastify'
  import waybill from 'waybill'
  const app = Fastify({ forceCloseConnections: FORCE })
  await app.register(waybill)
  app.get('/', () => { process.kill(process.pid, 'SIGTERM') })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  http.get(origin, { agent: false, headers: { 'x-request-id': 'open' } }).on('error', () => {})
`

test.each([
  ['has app.close() break it off', 'true', "process.once('SIGTERM', () => app.close())"],
  [
    'gives up waiting for app.close()',
    'false',
    "process.once('SIGTERM', () => { app.close(); setTimeout(() => process.exit(0), 50) })",
  ],
])('on SIGTERM, a service that %s logs the open request as unfinished', async (_case, force, handle) => {
  const run = await finish(startProgram(SERVICE.replace('FORCE', force) + handle))
  expect(run.code).toBe(0)
  const lines = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.filter(({ event }) => event === 'request.started')).toHaveLength(1)
  const completed = lines.filter(({ event }) => event === 'request.completed')
  expect(completed).toMatchObject([{ request_id: 'open', outcome: 'unfinished', level: 'info' }])
  expect(completed[0]).not.toHaveProperty('status')
})

test('on SIGTERM, a service that waits for app.close() logs the open request as completed', async () => {
  const run = await finish(
    startProgram(
      `${SERVICE.replace('FORCE', 'false').replace("{ process.kill(process.pid, 'SIGTERM') }", "new Promise((resolve) => { process.kill(process.pid, 'SIGTERM'); setTimeout(resolve, 50, 'answer') })")}
      process.once('SIGTERM', () => app.close())`,
    ),
  )
  expect(run.code).toBe(0)
  expect(run.stdout).toMatch(
    /"event":"request.completed","request_id":"open".*"status":200.*"outcome":"completed"/,
  )
})

test('an answer that was sent is completed even if the process exits before the response closes', async () => {
  const run = await finish(
    startProgram(`
      import http from 'node:http'
      import Fastify from 'fastify'
      import waybill from 'waybill'
      const app = Fastify()
      await app.register(waybill)
      app.addHook('onResponse', () => process.exit(0))
      app.get('/', async () => 'ok')
      http.get(await app.listen({ port: 0, host: '127.0.0.1' }), { agent: false }).on('error', () => {})
    `),
  )
  expect(run.stdout).toMatch(
    /"event":"request.completed".*"status":200.*"outcome":"completed","response_bytes":2/,
  )
})

test('a process without a framework writes the completions of its open requests at exit', async () => {
  const run = await finish(
    startProgram(`
      import http from 'node:http'
      import { waybill } from 'waybill/express'
      const requestLog = waybill()
      const server = http.createServer((request, response) => {
        requestLog(request, response)
        process.exit(3)
      })
      server.listen(0, '127.0.0.1', () => http.get({ port: server.address().port, path: '/open' }).on('error', () => {}))
    `),
  )
  expect(run.code).toBe(3)
  expect(run.stdout).toMatch(/"event":"request.completed".*"path":"\/open".*"outcome":"unfinished"/)
})

test('a request that could not be parsed and has no answer is unfinished when the process exits', async () => {
  const run = await finish(
    startProgram(`
      import { connect } from 'node:net'
      import Fastify from 'fastify'
      import waybill from 'waybill'
      const app = Fastify({ clientErrorHandler: () => process.exit(0) })
      await app.register(waybill)
      await app.listen({ port: 0, host: '127.0.0.1' })
      connect(app.server.address().port, '127.0.0.1').on('error', () => {}).write('nonsense\\r\\n\\r\\n')
    `),
  )
  const events = run.stdout.match(/"event":"[^"]*"|"outcome":"[^"]*"/g)
  expect(events).toEqual([
    '"event":"request.started"',
    '"event":"request.completed"',
    '"outcome":"unfinished"',
  ])
})
