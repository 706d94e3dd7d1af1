/**
 * Characters that a terminal obeys or hides: controls, bidirectional and other format characters, line separators, lone
 * surrogates, noncharacters, and invisible characters except the text and emoji style selectors.
 */
const UNSAFE = /(?!\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{NChar}\p{DI}]/gu
/** The same except ESC, for text with colours. */
const UNSAFE_EXCEPT_ESC = /(?!\x1b|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{NChar}\p{DI}]/gu

/** Printable ASCII, which is always safe and faster to test for. */
const PLAIN = /^[ -~]*$/
const COLOR = /\x1b\[[\d;]*m/g

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character]
  if (short !== undefined) return short
  const code = (character.codePointAt(0) ?? 0).toString(16)
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`
}

/** Escapes every character that a terminal would obey or hide, line breaks included. */
export function visibleText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, escapeCharacter)
}

/** The same, but keeps colours; the text must have no other ESC. */
export function visibleColored(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE_EXCEPT_ESC, escapeCharacter)
}

/** Splits a text into lines that {@link visibleText} escapes. */
export function visibleLines(text: string): string[] {
  return text.split(/\r?\n/).map(visibleText)
}

/** Zero-width characters: combining marks, and the later parts of Korean syllables. */
const ZERO_WIDTH = /[\p{Mn}\p{Me}\u1160-\u11ff]/u
/** Characters two columns wide: East Asian wide and full-width ones (UAX #11), and those that default to emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}]|(?![\u{1f1e6}-\u{1f1ff}])\p{Emoji_Presentation}/u

function columnsOf(character: string): number {
  if (character < '\u0300') return 1
  if (ZERO_WIDTH.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

const ESC = 0x1b
const LAST_PLAIN = 0x7e

/** Counts the columns of a visible text, without its colours. */
export function displayWidth(text: string): number {
  let columns = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > LAST_PLAIN) return widthOf(text.replace(COLOR, ''))
    if (code === ESC) {
      const end = text.indexOf('m', at)
      if (end === -1) return columns
      at = end
    } else columns++
  }
  return columns
}

function widthOf(text: string): number {
  let columns = 0
  for (const character of text) columns += columnsOf(character)
  return columns
}

/** Cuts a visible text without colours to a width, keeping its start. */
export function cutToWidth(text: string, columns: number): string {
  if (text.length <= columns && PLAIN.test(text)) return text
  let left = columns
  let end = 0
  for (const character of text) {
    left -= columnsOf(character)
    if (left < 0) break
    end += character.length
  }
  return text.slice(0, end)
}

/** Cuts a visible text to a width, keeping its end. */
function endToWidth(text: string, columns: number): string {
  const characters = [...text]
  let left = columns
  let begin = characters.length
  while (begin > 0) {
    left -= columnsOf(characters[begin - 1] ?? '')
    if (left < 0) break
    begin--
  }
  return characters.slice(begin).join('')
}

/** Shortens a visible path to a width: `/first/…/last`. */
export function shortenPath(path: string, columns: number): string {
  if (displayWidth(path) <= columns) return path
  const first = path.slice(0, path.indexOf('/', 1) + 1)
  const room = columns - displayWidth(first) - 1
  const end = endToWidth(path, room)
  const whole = end.indexOf('/')
  if (first.length > 1 && room > columns / 2 && whole !== -1) return `${first}…${end.slice(whole)}`
  const half = Math.max(1, Math.floor((columns - 1) / 2))
  return `${cutToWidth(path, half)}…${endToWidth(path, columns - 1 - half)}`
}

const ENCODED = /(?:%[89a-f][\da-f])+/gi
/** Controls, unassigned characters, separators and invisible ones. */
const INVISIBLE = /[\p{C}\p{Z}\p{DI}]/u

/** Decodes the percent-encoded non-ASCII text of a path, if it is visible: `/%E6%97%A5` is `/日`. */
export function readablePath(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(ENCODED, (run) => {
    try {
      const text = decodeURIComponent(run)
      return INVISIBLE.test(text) ? run : text
    } catch {
      return run
    }
  })
}

/**
 * Wraps pieces into lines: between pieces, and between the words of a piece longer than a line.
 * @param room the columns of other lines
 * @param first the columns of the first line
 */
export function wrap(pieces: readonly string[], room: number, first = room): string[] {
  const lines: string[] = []
  let line = ''
  let left = first
  let isEmpty = true

  function put(text: string, columns: number): void {
    if (columns + (isEmpty ? 0 : 1) > left && !(isEmpty && left >= room)) {
      lines.push(line)
      line = ''
      left = room
      isEmpty = true
    }
    line += isEmpty ? text : ` ${text}`
    left -= columns + (isEmpty ? 0 : 1)
    isEmpty = false
  }

  for (const piece of pieces) {
    const columns = displayWidth(piece)
    if (columns <= room) put(piece, columns)
    else for (const word of piece.split(' ')) put(word, displayWidth(word))
  }
  return [...lines, line]
}
