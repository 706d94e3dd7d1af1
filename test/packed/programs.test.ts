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

test.each([
  ['an ES module', 'program.mjs', ESM + BODY],
  ['a CommonJS module', 'program.cjs', COMMONJS + BODY],
])('works for %s, with nothing on stderr', async (_kind, file, program) => {
  const project = inject('project')
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
    { event: 'request.started', request_id: id, route: '/users/:id' },
    { event: 'request.completed', request_id: id, route: '/users/:id', status: 200, outcome: 'completed' },
    { answered_id: id, refused: true },
  ])
})
