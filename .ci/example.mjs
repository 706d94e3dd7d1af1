// An example as a reader of README.md meets it: it comes up, shows events, answers, and ends well on Ctrl-C.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const UP_MS = 60_000
const LINE_MS = 10_000
const END_MS = 10_000

const [, , script = 'start'] = process.argv

// In a process group of its own, so that the signal reaches all that a terminal's Ctrl-C would.
const npm = spawn('npm', ['run', script], {
  detached: true,
  env: { ...process.env, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const exit = once(npm, 'exit')
let stdout = ''
npm.stdout.setEncoding('utf8').on('data', (text) => {
  stdout += text
})

try {
  const listening = await eventually('a line with "Server listening"', UP_MS, () =>
    linesOf(stdout).find(({ message }) => message?.includes('Server listening')),
  )
  const [origin] = listening.message.match(/http:\/\/\S+/)
  const completions = await eventually('five completions', UP_MS, () => {
    const found = completionsOf(stdout)
    return found.length >= 5 && found
  })
  const { path } = completions.find(({ method, status }) => method === 'GET' && status === 200)

  const response = await fetch(new URL(path, origin))
  assert.equal(response.status, 200)
  const id = response.headers.get('x-request-id')
  assert.ok(id, `no X-Request-Id on the answer to GET ${path}`)
  await eventually(`a completion with request_id ${id}`, LINE_MS, () =>
    completionsOf(stdout).some(({ request_id }) => request_id === id),
  )

  process.kill(-npm.pid, 'SIGINT')
  const [code, signal] = await Promise.race([exit, sleep(END_MS, ['nothing, it still runs'], { ref: false })])
  assert.equal(signal ?? code, 0, `npm run ${script} ended by ${signal ?? code} on SIGINT`)
} catch (error) {
  console.error(stdout)
  throw error
} finally {
  try {
    process.kill(-npm.pid, 'SIGKILL')
  } catch {
    // All of it has ended.
  }
}

/** Waits until what is looked for has turned up in the output. */
async function eventually(what, ms, find) {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(20)) {
    const found = find()
    if (found) return found
    assert.equal(npm.exitCode, null, `npm run ${script} ended before ${what}`)
  }
  throw new Error(`${what}: not within ${ms} ms`)
}

function linesOf(output) {
  const whole = output.split('\n').slice(0, -1)
  return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
}

function completionsOf(output) {
  return linesOf(output).filter(({ event }) => event === 'request.completed')
}
