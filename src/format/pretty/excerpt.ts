import type { Brush, Paint } from './paint.js'
import type { Excerpt } from './source.js'
import { cutToWidth, displayWidth, visibleText } from './text.js'

const TAB = '  '

/** Shows source lines with their numbers, and a caret below the position. */
export function excerptLines(
  { first, lines }: Excerpt,
  row: number,
  column: number,
  columns: number,
  paint: Paint,
  brush: Brush,
): string[] {
  const digits = String(first + lines.length - 1).length
  const room = columns - digits - '  >  │ '.length
  const indent = commonIndent(lines)
  return lines.flatMap((line, at) => {
    const number = first + at
    const gutter = String(number).padStart(digits)
    const isTarget = number === row
    const source = shown(line.slice(indent))
    const text = displayWidth(source) <= room ? source : `${cutToWidth(source, room - 1)}…`
    const whole = `  ${isTarget ? brush('>') : ' '} ${paint.dim(`${gutter} │`)} ${isTarget ? text : paint.dim(text)}`
    const before = displayWidth(shown(line.slice(indent, Math.max(indent, column - 1))))
    if (!isTarget || before >= room) return [whole.trimEnd()]
    const caret = `    ${paint.dim(`${' '.repeat(digits)} │`)} ${' '.repeat(before)}${brush('^')}`
    return [whole.trimEnd(), caret]
  })
}

/** The rest of a line is never read or shown. */
const MAX_LINE = 1000

function shown(source: string): string {
  return visibleText(source.slice(0, MAX_LINE).replaceAll('\t', TAB))
}

/** Counts the whitespace at the start of all non-blank lines. */
function commonIndent(lines: readonly string[]): number {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))
  return indents.length === 0 ? 0 : Math.min(...indents)
}
