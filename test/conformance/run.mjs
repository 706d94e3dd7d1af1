// Replays every ending of a request against waybill and its peers, and tables which of them each tells truthfully.
//
//   npm run conformance                 writes RESULTS.md and the table of README.md
//   npm run conformance -- --check      replays waybill alone, writes nothing, and fails when a document is out of date
//   npm run conformance -- --show NAME  prints the lines of every tool for the endings whose name contains NAME
//
// The exit code is 1 when waybill tells an ending otherwise than it promises; its peers never fail a run.
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { endings } from './endings.mjs'
import { replay } from './replay.mjs'
import { resultsDocument } from './results.mjs'
import { firstVerdicts, formatTable, tableIn, withTable } from './table.mjs'
import { tools } from './tools.mjs'
import { complaints, OWN, verdictOn, YES } from './verdict.mjs'

const RESULTS = new URL('RESULTS.md', import.meta.url)
const README = new URL('../../README.md', import.meta.url)

const { values: flags } = parseArgs({ options: { check: { type: 'boolean' }, show: { type: 'string' } } })

if (flags.show !== undefined) await show(flags.show)
else if (flags.check) await check()
else await write()

async function show(part) {
  for (const ending of endings.filter(({ name }) => name.includes(part))) {
    for (const name of Object.keys(tools)) {
      const lines = await replay(name, ending)
      console.log(`\n${ending.name}: ${name}: ${verdictOn(name, ending, lines)}\n${lines.join('\n')}`)
    }
  }
}

async function write() {
  const names = Object.keys(tools)
  const table = formatTable(names, await verdictsOn(names))
  console.log(table)
  await writeFile(RESULTS, await resultsDocument(table))
  await writeFile(README, withTable(await readFile(README, 'utf8'), table))
}

async function check() {
  const fresh = await verdictsOn([OWN])
  const results = tableIn(await readFile(RESULTS, 'utf8'))
  const written = firstVerdicts(results)
  const names = new Set([...fresh.keys(), ...written.keys()])
  for (const name of names) {
    const now = fresh.get(name)?.[OWN]
    if (now !== written.get(name)) complain(name, `is "${now}", but "${written.get(name)}" in RESULTS.md`)
  }
  if (tableIn(await readFile(README, 'utf8')) !== results)
    complain('README.md', 'shows another table than RESULTS.md')
}

/** Replays every ending against the named tools, a few at a time. */
async function verdictsOn(names) {
  const rows = new Map(endings.map(({ name }) => [name, {}]))
  const work = endings.flatMap((ending) => names.map((name) => [name, ending]))
  const worker = async () => {
    for (let next = work.shift(); next !== undefined; next = work.shift()) {
      const [name, ending] = next
      rows.get(ending.name)[name] = await replayAndJudge(name, ending)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return rows
}

async function replayAndJudge(name, ending) {
  try {
    const lines = await replay(name, ending)
    const verdict = verdictOn(name, ending, lines)
    if (name === OWN && ending.waybill !== undefined && verdict !== YES) {
      complain(ending.name, [verdict, ...complaints(ending, lines), ...lines].join('\n  '))
    }
    return verdict
  } catch (error) {
    console.error(error)
    if (name === OWN) process.exitCode = 1
    return 'not replayed'
  }
}

function complain(what, complaint) {
  process.exitCode = 1
  console.error(`${what}: ${complaint}`)
}
