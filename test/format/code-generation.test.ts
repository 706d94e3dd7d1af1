import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { moduleArguments, root } from '../support/program.js'

test('writes the same events where code generation from strings is disallowed', () => {
  const program = `
    import { createServer } from 'node:http'
    import { waybill } from 'waybill/express'
    const requestLog = waybill()
    const server = createServer((request, response) => {
      requestLog(request, response)
      response.end('ok')
    })
    server.listen(0, '127.0.0.1', async () => {
      await fetch('http://127.0.0.1:' + server.address().port, { headers: { 'x-request-id': 'abc' } })
      server.close()
    })`
  const args = ['--disallow-code-generation-from-strings', ...moduleArguments(program)]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  expect(stderr).toBe('')
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events).toMatchObject([
    { event: 'request.started', request_id: 'abc' },
    {
      event: 'request.completed',
      request_id: 'abc',
      status: 200,
      message: expect.stringMatching(/^GET \/ 200 /),
    },
  ])
})
