import { mapTexts } from './json.js'

/** What a terminal obeys instead of showing: C0 and C1 controls, line separators, changes of direction, a BOM. */
const CONTROL =
  /[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\uffff]|\p{Surrogate}/gu

/** What is on all terminals what it is, and takes less to find than what is not. */
const PLAIN = /^[ -~]*$/

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function showControl(character: string): string {
  const short = SHORT[character]
  if (short !== undefined) return short
  const code = character.charCodeAt(0).toString(16)
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code}`
}

/** Whether a text is of the visible characters of ASCII and spaces alone. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text)
}

/** A text on one line, with every character shown that a terminal would obey. */
export function visibleText(text: string): string {
  return isPlain(text) ? text : text.replace(CONTROL, showControl)
}

/** A text on as many lines as it has, each with what a terminal would obey shown. */
export function visibleLines(text: string): string {
  return text.split(/\r?\n/).map(visibleText).join('\n')
}

/** A value with all its texts and keys made visible. */
export function visibleValue(value: unknown): unknown {
  return mapTexts(value, visibleText)
}
