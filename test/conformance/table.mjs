// The table of verdicts: written, found again in a document, and put into one.
import { YES } from './verdict.mjs'

const BLOCK = /(?<=<!-- conformance -->\n)[\s\S]*?(?=<!-- \/conformance -->)/

/**
 * @param {string[]} tools
 * @param {Map<string, Record<string, string>>} rows The verdicts on each tool, by the name of the ending.
 */
export function formatTable(tools, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |\n`
  const count = (tool) => [...rows.values()].filter((verdicts) => verdicts[tool] === YES).length
  return [
    line(['', ...tools]),
    line(['---', ...tools.map(() => '---')]),
    ...[...rows].map(([name, verdicts]) => line([name, ...tools.map((tool) => verdicts[tool])])),
    line([`told truthfully, of ${rows.size}`, ...tools.map(count)]),
  ].join('')
}

/** The table that stands in a document, between its two comments. */
export function tableIn(document) {
  return BLOCK.exec(document)?.[0].trimStart() ?? ''
}

/** A document with another table in it. */
export function withTable(document, table) {
  if (!BLOCK.test(document)) throw new Error('the document has no place for the table')
  return document.replace(BLOCK, () => `\n${table}\n`)
}

/** The verdicts of the first tool of a table, by the name of the ending. */
export function firstVerdicts(table) {
  const rows = table.trim().split('\n').slice(2, -1)
  return new Map(
    rows.map((row) => row.split(' | ').slice(0, 2)).map(([name, verdict]) => [name.slice(2), verdict]),
  )
}
