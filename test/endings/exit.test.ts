import { expect, test } from 'vitest'
import { finish, startProgram } from '../support/program.js'

test.each([
  ['process.exit', 'process.exit(3)', 3],
  ['an uncaught exception', 'setImmediate(() => { throw new Error("fatal") })', 1],
  ['an unhandled rejection', 'Promise.reject(new Error("fatal"))', 1],
])('a process that ends by %s has the completion of every open request written', async (_case, end, code) => {
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
