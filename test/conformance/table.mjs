// Formats the tables of verdicts, finds them in documents, and replaces them there.
import { YES } from './verdict.mjs'

const blockOf = ({ name }) =>
  new RegExp(`(?<=<!-- conformance:${name} -->\\n)[\\s\\S]*?(?=<!-- /conformance:${name} -->)`)

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

/** Returns a side's table between its two comments. */
export function formatPlace({ name }, table) {
  return `<!-- conformance:${name} -->\n\n${table}\n<!-- /conformance:${name} -->\n`
}

/** Finds the table of a side in a document, between its two comments. */
export function tableIn(document, side) {
  return blockOf(side).exec(document)?.[0].trimStart() ?? ''
}

/** Replaces the table of a side in a document. */
export function withTable(document, side, table) {
  const block = blockOf(side)
  if (!block.test(document)) throw new Error(`the document has no place for the table of ${side.name}`)
  return document.replace(block, () => `\n${table}\n`)
}

/** Returns the verdicts on the first tool of a table, by the name of the ending. */
export function firstVerdicts(table) {
  const rows = table.trim().split('\n').slice(2, -1)
  return new Map(
    rows.map((row) => row.split(' | ').slice(0, 2)).map(([name, verdict]) => [name.slice(2), verdict]),
  )
}
