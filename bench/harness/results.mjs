import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { pinning } from './cores.mjs'

const RESULTS = new URL('../RESULTS.md', import.meta.url)
const README = new URL('../../README.md', import.meta.url)

/** Writes the results of a script to their section of RESULTS.md, and their quotation to README.md. */
export function keep(name, results, quote) {
  replaceSection(RESULTS, name, results, (text, section) => `${text.trimEnd()}\n\n${section}\n`)
  if (quote !== undefined) replaceSection(README, name, quote, (text) => text)
}

/** Replaces a named section of a document, between two comments; `add` handles a document without it. */
function replaceSection(document, name, content, add) {
  const begin = `<!-- bench:${name} -->`
  const end = `<!-- /bench:${name} -->`
  const text = fs.readFileSync(document, 'utf8')
  const section = `${begin}\n\n${content}\n\n${end}`
  const from = text.indexOf(begin)
  const rest = text.slice(text.indexOf(end) + end.length)
  fs.writeFileSync(document, from === -1 ? add(text, section) : text.slice(0, from) + section + rest)
}

/** Describes the machine and the versions of a measurement. */
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
