import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { pinning } from './cores.mjs'
import { table } from './figures.mjs'

const PAGE = new URL('../../docs/performance.md', import.meta.url)
const README = new URL('../../README.md', import.meta.url)
/** What README.md quotes: the overhead of these variants, in the sections of these versions of Node.js. */
const QUOTED = ['waybill', 'pino-http', 'morgan', 'built-in logging']
const MAJORS = [20, 24]

/** Keeps the results of a script in their section of docs/performance.md, beside those of others, and quotes them in README.md. */
export function keep(name, results) {
  replaceSection(PAGE, name, results, (text, section) => `${text.trimEnd()}\n\n${section}\n`)
  replaceSection(README, 'cost', costs(fs.readFileSync(PAGE, 'utf8')), (text) => text)
}

const beginOf = (name) => `<!-- bench:${name} -->`
const endOf = (name) => `<!-- /bench:${name} -->`

/** Replaces what stands in a document between the comments of a name; `add` returns the document that had none. */
function replaceSection(document, name, content, add) {
  const text = fs.readFileSync(document, 'utf8')
  const [begin, end] = [beginOf(name), endOf(name)]
  const section = `${begin}\n\n${content}\n\n${end}`
  const from = text.indexOf(begin)
  const rest = text.slice(text.indexOf(end) + end.length)
  fs.writeFileSync(document, from === -1 ? add(text, section) : text.slice(0, from) + section + rest)
}

/** The table of README.md, from the tables of the page. */
export function costs(page) {
  const sections = MAJORS.map((major) => sectionIn(page, `fastify:${major}`))
  const rows = QUOTED.map((variant) => [variant, ...sections.map(({ overheads }) => overheads.get(variant))])
  const [{ place }] = sections
  const isSame = new Set(sections.map(({ method }) => method)).size === 1
  const methods = sections.map(({ version, method }) => (isSame ? method : `Node.js ${version}: ${method}`))
  const versions = sections.map(({ version }) => version).join(' and ')
  const head = ['CPU µs a request, above no logging', ...MAJORS.map((major) => `Node.js ${major}`)]
  return `${table([head, ...rows])}\n\n${place}, Node.js ${versions}. ${[...new Set(methods)].join(' ')}`
}

/** A section of the page: where and how it was measured, and the overhead of each variant. */
function sectionIn(page, name) {
  const [, section] = page.split(beginOf(name))
  const lines = section.split(endOf(name))[0].trim().split('\n')
  const [place, version] = lines[2].split(';')[0].split(', Node.js ')
  // The first table; later ones have rows of the same names.
  const from = lines.findIndex((line) => line.startsWith('|'))
  const to = lines.indexOf('', from)
  const [head, , ...rows] = lines.slice(from, to === -1 ? undefined : to).map((row) => row.split(' | '))
  const at = head.indexOf('over bare')
  return {
    place,
    version,
    method: lines[3],
    overheads: new Map(rows.map((row) => [row[0].slice(2), row[at]])),
  }
}

/** Where and with what something was measured. */
export function circumstances(node, packages, command) {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1)
  const machine = `${cpus()[0].model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB`
  const date = new Date().toISOString().slice(0, 10)
  const versions = packages.map((name) => `${name} ${versionOf(name)}`).join(', ')
  return `${date}, ${machine}, Node.js ${version}; ${versions}. To repeat it: \`${command}\`.`
}

/** Describes the number and length of turns, and which figure is shown. */
export function methodOf({ instances, rounds, seconds }, shown = 'The median and the quartiles') {
  return `${pinning} ${shown} of ${instances} × ${rounds} rounds, with turns of ${seconds} s.`
}

function versionOf(name) {
  const manifest = name === 'waybill' ? '../../package.json' : `../../node_modules/${name}/package.json`
  return JSON.parse(fs.readFileSync(new URL(manifest, import.meta.url), 'utf8')).version
}

/** Returns the major version of a Node.js binary. */
export function majorOf(node) {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).match(/^v(\d+)/)[1]
}
