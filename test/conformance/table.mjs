// Formats the tables of verdicts, finds them in documents, and replaces them there.
import { YES } from './verdict.mjs'

const blockOf = (name) =>
  new RegExp(`(?<=<!-- conformance:${name} -->\\n)[\\s\\S]*?(?=<!-- /conformance:${name} -->)`)

const rowOf = (cells) => `| ${cells.join(' | ')} |\n`
const headOf = (cells) => rowOf(cells) + rowOf(cells.map(() => '---'))

/**
 * @param {string[]} tools
 * @param {Map<string, Record<string, string>>} rows The verdicts on each tool, by the name of the ending.
 */
export function formatTable(tools, rows) {
  const count = (tool) => [...rows.values()].filter((verdicts) => verdicts[tool] === YES).length
  return [
    headOf(['', ...tools]),
    ...[...rows].map(([name, verdicts]) => rowOf([name, ...tools.map((tool) => verdicts[tool])])),
    rowOf([`logged truthfully, of ${rows.size}`, ...tools.map(count)]),
  ].join('')
}

/** What README.md quotes of the page: how many endings each tool logs truthfully, and when they were replayed. */
export function formatTotals(sides, page) {
  const totals = sides.map(({ name, title }) => {
    const rows = blockIn(page, name).trim().split('\n').map(cellsOf)
    const [[, ...tools], [of, ...counts]] = [rows[0], rows.at(-1)]
    return { title, of, counts: new Map(tools.map((tool, at) => [tool, counts[at]])) }
  })
  const tools = [...new Set(totals.flatMap(({ counts }) => [...counts.keys()]))]
  const rows = totals.map(({ title, of, counts }) =>
    rowOf([`${title}: ${of}`, ...tools.map((tool) => counts.get(tool) ?? '–')]),
  )
  const [, when] = /^Replayed (on .+) and:$/m.exec(page)
  return `${totals.map(sentenceOf).join(' ')}\n\n${headOf(['', ...tools])}${rows.join('')}\nReplayed over real sockets ${when}.\n`
}

function sentenceOf({ title, of, counts }) {
  const [own, ...others] = [...counts.values()].map(Number)
  const [all] = /\d+$/.exec(of)
  return `${title}, waybill logs ${own} of ${all} endings truthfully; others ${Math.min(...others)} to ${Math.max(...others)}.`
}

function cellsOf(row) {
  return row.slice(2, -2).split(' | ')
}

/** What stands in a document between the two comments of a name. */
export function blockIn(document, name) {
  return blockOf(name).exec(document)?.[0].trimStart().replace(/\n+$/, '\n') ?? ''
}

/** A document with something else between the two comments of a name. */
export function withBlock(document, name, content) {
  const block = blockOf(name)
  if (!block.test(document)) throw new Error(`the document has no place for ${name}`)
  return document.replace(block, () => `\n${content}\n`)
}

/** Returns the verdicts on the first tool of a table, by the name of the ending. */
export function firstVerdicts(table) {
  const rows = table.trim().split('\n').slice(2, -1)
  return new Map(rows.map((row) => cellsOf(row).slice(0, 2)))
}
