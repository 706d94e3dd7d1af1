// Replays every ending of a request against waybill and its peers, and tabulates which endings each logs truthfully.
//
//   npm run conformance                 writes docs/conformance.md and the tables of README.md
//   npm run conformance -- --check      replays waybill alone, writes nothing, and fails if a document is out of date
//   npm run conformance -- --show NAME  prints the lines of every tool for the endings whose name contains NAME
//
// The exit code is 1 if waybill logs an ending differently than it promises; its peers never fail a run.
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { replay } from './replay.mjs'
import { replayedOn } from './results.mjs'
import { sides } from './sides.mjs'
import { blockIn, firstVerdicts, formatTable, formatTotals, withBlock } from './table.mjs'
import { complaints, OWN, verdictOn, YES } from './verdict.mjs'

const PAGE = new URL('../../docs/conformance.md', import.meta.url)
const README = new URL('../../README.md', import.meta.url)

const { values: flags } = parseArgs({ options: { check: { type: 'boolean' }, show: { type: 'string' } } })

if (flags.show !== undefined) await show(flags.show)
else if (flags.check) await check()
else await write()

async function show(part) {
  for (const side of sides) {
    for (const ending of side.endings.filter(({ name }) => name.includes(part))) {
      for (const name of Object.keys(side.tools)) {
        const lines = await replay(side, name, ending)
        const verdict = verdictOn(side, name, ending, lines)
        console.log(`\n${side.title}: ${ending.name}: ${name}: ${verdict}\n${lines.join('\n')}`)
      }
    }
  }
}

async function write() {
  let page = await readFile(PAGE, 'utf8')
  for (const side of sides) {
    const names = Object.keys(side.tools)
    const table = formatTable(names, await verdictsOn(side, names))
    console.log(`${side.title}\n\n${table}`)
    page = withBlock(page, side.name, table)
  }
  page = withBlock(page, 'replayed', await replayedOn())
  await writeFile(PAGE, page)
  const readme = await readFile(README, 'utf8')
  await writeFile(README, withBlock(readme, 'totals', formatTotals(sides, page)))
}

async function check() {
  const page = await readFile(PAGE, 'utf8')
  for (const side of sides)
    compare(side, await verdictsOn(side, [OWN]), firstVerdicts(blockIn(page, side.name)))
  const totals = blockIn(await readFile(README, 'utf8'), 'totals')
  if (totals !== formatTotals(sides, page))
    complain({ title: 'README.md' }, 'totals', 'are others than in docs/conformance.md')
}

function compare(side, fresh, written) {
  for (const name of new Set([...fresh.keys(), ...written.keys()])) {
    const now = fresh.get(name)?.[OWN]
    if (now !== written.get(name))
      complain(side, name, `is "${now}", but "${written.get(name)}" in docs/conformance.md`)
  }
}

/** Replays every ending of a side against the named tools, a few at a time. */
async function verdictsOn(side, names) {
  const rows = new Map(side.endings.map(({ name }) => [name, {}]))
  const work = side.endings.flatMap((ending) => names.map((name) => [name, ending]))
  const worker = async () => {
    for (let next = work.shift(); next !== undefined; next = work.shift()) {
      const [name, ending] = next
      rows.get(ending.name)[name] = await replayAndJudge(side, name, ending)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return rows
}

async function replayAndJudge(side, name, ending) {
  try {
    const lines = await replay(side, name, ending)
    const verdict = verdictOn(side, name, ending, lines)
    if (name === OWN && ending.waybill !== undefined && verdict !== YES) {
      complain(side, ending.name, [verdict, ...complaints(ending, lines), ...lines].join('\n  '))
    }
    return verdict
  } catch (error) {
    console.error(error)
    if (name === OWN) process.exitCode = 1
    return 'not replayed'
  }
}

function complain(side, what, complaint) {
  process.exitCode = 1
  console.error(`${side.title}: ${what}: ${complaint}`)
}
