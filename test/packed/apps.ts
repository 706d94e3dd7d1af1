import { expect } from 'vitest'

/** How a source loads what it needs. */
export type Form = 'import' | 'require'

/** The frameworks that there is an app for. */
export type Framework = 'fastify' | 'express' | 'http'

const PROLOGUES = {
  fastify: {
    import: `import Fastify from 'fastify'
      import waybill, { createLogger } from 'waybill'`,
    require: `const Fastify = require('fastify')
      const waybill = require('waybill')
      const { createLogger } = waybill`,
  },
  express: {
    import: `import express from 'express'
      import waybill, { createLogger } from 'waybill/express'`,
    require: `const express = require('express')
      const { createLogger, waybill } = require('waybill/express')`,
  },
  http: {
    import: `import http from 'node:http'
      import waybill, { createLogger } from 'waybill/http'`,
    require: `const http = require('node:http')
      const { createLogger, waybill } = require('waybill/http')`,
  },
}

const SERVERS = {
  fastify: `
    const app = Fastify()
    await app.register(waybill)
    app.get('/users/:id', async (request) => {
      request.log.info('looking up user')
      return 'Ada'
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { server } = app
  `,
  express: `
    const app = express()
    app.use(waybill())
    app.get('/users/:id', (req, res) => {
      req.log.info('looking up user')
      res.send('Ada')
    })
    const server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
  `,
  http: `
    const server = http.createServer(
      waybill((req, res) => {
        req.log.info('looking up user')
        res.end('Ada')
      }),
    )
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  `,
}

const ASK = `
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const response = await fetch('http://127.0.0.1:' + port + '/users/42')
  await response.text()
  createLogger().info({ answered_id: response.headers.get('x-request-id') }, 'answered')
  server.close()
  server.closeAllConnections()
`

/** The body of {@link appOf}, without what it loads. */
export function bodyOf(framework: Framework): string {
  return SERVERS[framework] + ASK
}

/** A program, of JavaScript and of TypeScript, that answers one request, says with which id, and ends. */
export function appOf(framework: Framework, form: Form = 'import'): string {
  return `${PROLOGUES[framework][form]}
    async function main() {${bodyOf(framework)}}
    main()
  `
}

/** Expects the lines of a program of {@link appOf} in what it wrote into a pipe, among others. */
export function expectEvents(stdout: string): void {
  const lines = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const id = lines.find(({ message }) => message === 'answered')?.answered_id
  expect(id, stdout).toBeTypeOf('string')
  const request = { request_id: id, method: 'GET', path: '/users/42' }
  expect(lines.filter(({ request_id }) => request_id === id)).toMatchObject([
    { event: 'request.started', ...request },
    { request_id: id, message: 'looking up user' },
    { event: 'request.completed', ...request, status: 200, outcome: 'completed', response_bytes: 3 },
  ])
}
