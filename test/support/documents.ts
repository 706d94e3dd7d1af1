import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './program.js'

/** The README and the pages of the documentation, by their paths below the root. */
export const documents: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
]

/** The text of a file of the package. */
export function readDocument(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** What stands in a text between the two comments of a name, such as `bench:cost`. */
export function blockIn(text: string, name: string): string {
  const [, rest = ''] = text.split(`<!-- ${name} -->\n`)
  const [block = ''] = rest.split(`<!-- /${name} -->`)
  return block.trim()
}

/** The rows of the tables of a text, as lists of cells. */
export function rowsIn(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) => line.slice(1, -1).split('|'))
    .map((cells) => cells.map((cell) => cell.trim()))
}
