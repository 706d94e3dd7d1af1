import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { BARE_ENV, run } from './process.js'

const ESM = `
import Fastify from 'fastify'
import waybill, { createLogger, WaybillError } from 'waybill'
`
const COMMONJS = `
const assert = require('node:assert/strict')
const Fastify = require('fastify')
const waybill = require('waybill')
const { createLogger, WaybillError } = waybill
assert.equal(typeof waybill, 'function')
assert.equal(waybill.default, waybill)
`
const BODY = `
async function main() {
  const app = Fastify()
  await app.register(waybill)
  app.get('/users/:id', async () => 'Ada')
  const { headers } = await app.inject('/users/42')
  await app.close()

  const refusal = await Fastify().register(waybill, { slow: 'fast' }).then(undefined, (error) => error)
  createLogger().info({ answered_id: headers['x-request-id'], refused: refusal instanceof WaybillError })
}
main()
`

const EXPRESS_ESM = `
import express from 'express'
import { createLogger, waybill, WaybillError } from 'waybill/express'
`
const EXPRESS_COMMONJS = `
const assert = require('node:assert/strict')
const express = require('express')
const { createLogger, waybill, WaybillError } = require('waybill/express')
for (const required of [require('waybill/express'), require('waybill/http')]) {
  assert.equal(typeof required, 'function')
  assert.equal(required.default, required)
  assert.equal(required.waybill, required)
}
`
const EXPRESS_BODY = `
const app = express()
app.set('env', 'test')
const requestLog = waybill()
app.use(requestLog)
const users = express.Router()
users.get('/:id', (req, res) => res.send(req.id))
app.use('/users', users)
app.use(waybill.errors())
const server = app.listen(0, async () => {
  const { headers } = await fetch('http://127.0.0.1:' + server.address().port + '/users/42')
  let refusal
  try {
    waybill({ slow: 'fast' })
  } catch (error) {
    refusal = error
  }
  server.close(() => {
    createLogger().info({ answered_id: headers.get('x-request-id'), refused: refusal instanceof WaybillError })
  })
  server.closeAllConnections()
})
requestLog.attach(server)
`

test.each([
  ['an ES module', 'program.mjs', EXPRESS_ESM + EXPRESS_BODY],
  ['a CommonJS module', 'program.cjs', EXPRESS_COMMONJS + EXPRESS_BODY],
  ['an ES module with Express 4', 'four.mjs', EXPRESS_ESM.replace("'express'", "'express4'") + EXPRESS_BODY],
])('works on Express for %s, with nothing on stderr', async (_kind, file, program) => {
  await expectToWork(inject('expressProject'), file, program, {})
})

test.each([
  ['an ES module', 'program.mjs', ESM + BODY],
  ['a CommonJS module', 'program.cjs', COMMONJS + BODY],
])('works for %s, with nothing on stderr', async (_kind, file, program) => {
  await expectToWork(inject('project'), file, program, { route: '/users/:id' })
})

/** Runs a program that has one request, and says which id it was answered with. */
async function expectToWork(project: string, file: string, program: string, atStart: object): Promise<void> {
  await writeFile(join(project, file), program)

  const { by, stdout, stderr } = await run(process.execPath, [file], project, BARE_ENV)

  expect({ by, stderr }).toEqual({ by: 0, stderr: '' })
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const id = lines.at(-1)?.answered_id
  expect(id).toBeTypeOf('string')
  expect(lines).toMatchObject([
    { event: 'request.started', request_id: id, ...atStart },
    { event: 'request.completed', request_id: id, route: '/users/:id', status: 200, outcome: 'completed' },
    { answered_id: id, refused: true },
  ])
}
