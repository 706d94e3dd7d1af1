// The shop of three services as a reader of README.md meets it: one id reads through all three, however a request ends.
import assert from 'node:assert/strict'
import { tryScript } from './program.mjs'

const SERVICES = ['gateway', 'orders', 'stock']
const LINE = /^(?<time>\S+) (?<service>\S+) +(?<level>\S+) +(?<id>\S+) (?<text>.*)$/

/** How each of the services says that a request ended. */
const ENDINGS = {
  'all-goes-well': /^POST \S+ 201 [\d.]+ms( |$)/,
  'fails-deep-down': /^POST \S+ 50[02] [\d.]+ms .*error=Error: |^POST \/checkout 502 [\d.]+ms calls=1 in /,
  'client-leaves': /^POST \S+ 499 [\d.]+ms aborted( |$)/,
  'ci-own-id': /^POST \S+ 201 [\d.]+ms( |$)/,
}

await tryScript('example:shop', async (eventually) => {
  const gateway = await eventually(
    'the address of the gateway',
    (stdout) => /listens at (http:\S+)\. /.exec(stdout)?.[1],
  )
  const check = async (id) => checkBlock(id, await eventually(id, (stdout) => blockOf(stdout, id)))
  for (const id of ['all-goes-well', 'fails-deep-down', 'client-leaves']) await check(id)

  const response = await fetch(`${gateway}/checkout`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'ci-own-id' },
    body: JSON.stringify({ sku: 'tea', quantity: 1 }),
  })
  assert.equal(response.status, 201)
  assert.equal(response.headers.get('x-request-id'), 'ci-own-id')
  await check('ci-own-id')
})

/** What is printed of a request, when all of it is. */
function blockOf(stdout, id) {
  const [, block] = stdout.split(`\n# ${id}\n`)
  return block?.includes('\n') ? block.split('\n\n')[0].trimEnd().split('\n') : undefined
}

function checkBlock(id, block) {
  const lines = block.map((line) => LINE.exec(line)?.groups ?? assert.fail(`no line: ${line}`))
  assert.deepEqual(new Set(lines.map((line) => line.id)), new Set([id]))
  const times = lines.map(({ time }) => time)
  assert.deepEqual(times, [...times].sort())
  for (const service of SERVICES) {
    const [first, ...others] = lines.filter((line) => line.service === service)
    assert.match(first?.text ?? '', /^POST \S+$/, `${service} has no start of ${id}`)
    assert.match(others.at(-1)?.text ?? '', ENDINGS[id], `${service} does not end ${id} so`)
  }
}
