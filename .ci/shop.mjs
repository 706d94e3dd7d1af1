// Runs the shop of three services as docs/propagation.md tells it: one id runs through all three, however a request ends.
import assert from 'node:assert/strict'
import { tryScript } from './program.mjs'

const SERVICES = ['gateway', 'orders', 'stock']
const LINE = /^(?<time>\S+) (?<service>\S+) +(?<level>\S+) +(?<id>\S+) (?<text>.*)$/

/** The endings that the services log: gateway, orders, stock. */
const GOOD = [
  /^info POST \/checkout 201 [\d.]+ms calls=1 in [\d.]+ms, 0 failed$/,
  /^info POST \/orders 201 [\d.]+ms calls=1 in [\d.]+ms, 0 failed sku=tea quantity=1$/,
  /^info POST \/stock\/tea\/reservations 201 [\d.]+ms$/,
]
const ENDINGS = {
  'all-goes-well': GOOD,
  'fails-deep-down': [
    /^error POST \/checkout 502 [\d.]+ms calls=1 in [\d.]+ms, 1 failed$/,
    /^error POST \/orders 502 [\d.]+ms calls=1 in [\d.]+ms, 1 failed error=Error: stock has answered 500$/,
    /^error POST \/stock\/vase\/reservations 500 [\d.]+ms error=Error: the shelf of the vases has collapsed$/,
  ],
  'client-leaves': [
    /^info POST \/checkout 499 [\d.]+ms aborted calls=1 in [\d.]+ms, \d failed$/,
    /^info POST \/orders 499 [\d.]+ms aborted calls=1 in [\d.]+ms, \d failed$/,
    /^info POST \/stock\/piano\/reservations 499 [\d.]+ms aborted$/,
  ],
  'ci-own-id': GOOD,
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

/** Returns the output about a request, once it is complete. */
function blockOf(stdout, id) {
  const [, rest = ''] = stdout.split(`\n# ${id}\n`)
  const [block, ...others] = rest.split('\n\n')
  return others.length > 0 ? block.split('\n') : undefined
}

function checkBlock(id, block) {
  const lines = block.map((line) => LINE.exec(line)?.groups ?? assert.fail(`no line: ${line}`))
  assert.deepEqual(new Set(lines.map((line) => line.id)), new Set([id]))
  const times = lines.map(({ time }) => time)
  assert.deepEqual(times, [...times].sort())
  for (const [at, service] of SERVICES.entries()) {
    const said = lines.filter((line) => line.service === service).map(({ level, text }) => `${level} ${text}`)
    assert.match(said[0] ?? '', /^info POST \S+$/, `${service} has no start of ${id}`)
    assert.match(said.at(-1), ENDINGS[id][at], `${service} does not end ${id} so`)
  }
}
