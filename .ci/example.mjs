// Runs an example as docs/examples.md tells it: it starts, shows events, answers requests, and exits with code 0 on Ctrl-C.
import assert from 'node:assert/strict'
import { tryScript } from './program.mjs'

const [, , script = 'start'] = process.argv

await tryScript(script, async (eventually) => {
  const listening = await eventually('a line with "Server listening"', (stdout) =>
    linesOf(stdout).find(({ message }) => message?.includes('Server listening')),
  )
  const [origin] = listening.message.match(/http:\/\/\S+/)
  const completions = await eventually('five completions', (stdout) => {
    const found = completionsOf(stdout)
    return found.length >= 5 && found
  })
  const { path } = completions.find(({ method, status }) => method === 'GET' && status === 200)

  const response = await fetch(new URL(path, origin))
  assert.equal(response.status, 200)
  const id = response.headers.get('x-request-id')
  assert.ok(id, `no X-Request-Id on the answer to GET ${path}`)
  await eventually(`a completion with request_id ${id}`, (stdout) =>
    completionsOf(stdout).some(({ request_id }) => request_id === id),
  )
})

function linesOf(output) {
  const whole = output.split('\n').slice(0, -1)
  return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
}

function completionsOf(output) {
  return linesOf(output).filter(({ event }) => event === 'request.completed')
}
