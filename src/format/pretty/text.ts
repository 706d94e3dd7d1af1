/**
 * What a terminal obeys or hides instead of showing: controls, changes of direction and other format characters, line
 * separators, halves of characters, what is no character, and what is drawn as nothing (selectors of a style aside).
 */
const OBEYED = /(?!\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{NChar}\p{DI}]/gu
/** The same but for ESC, in a text that has colours. */
const OBEYED_BESIDE_COLORS = /(?!\x1b|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{NChar}\p{DI}]/gu

/** What is on all terminals what it is, and takes less to find than what is not. */
const PLAIN = /^[ -~]*$/
const COLOR = /\x1b\[[\d;]*m/g

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function showObeyed(character: string): string {
  const short = SHORT[character]
  if (short !== undefined) return short
  const code = (character.codePointAt(0) ?? 0).toString(16)
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`
}

/** A text on one line, with every character escaped that a terminal would obey or hide. */
export function visibleText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(OBEYED, showObeyed)
}

/** The same for a text whose colours are to stay; it holds no ESC but theirs. */
export function visibleColored(text: string): string {
  return PLAIN.test(text) ? text : text.replace(OBEYED_BESIDE_COLORS, showObeyed)
}

/** The lines of a text, each as {@link visibleText} shows it. */
export function visibleLines(text: string): string[] {
  return text.split(/\r?\n/).map(visibleText)
}

/** What is drawn over the character before it: combining marks, and the later parts of Korean syllables. */
const OVER = /[\p{Mn}\p{Me}\u1160-\u11ff]/u
/** What takes two columns: East Asian wide and full-width characters (UAX #11), and what is an emoji by itself. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}]|(?![\u{1f1e6}-\u{1f1ff}])\p{Emoji_Presentation}/u

function columnsOf(character: string): number {
  if (character < '\u0300') return 1
  if (OVER.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

const ESC = 0x1b
const LAST_PLAIN = 0x7e

/** How many columns a visible text takes, whatever its colours. */
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

/** The beginning of a visible text without colours, in so many columns. */
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

/** The end of a visible text, in so many columns. */
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

/** A visible path in so many columns: `/first/…/last` where it is longer. */
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
/** Controls, what is not assigned, separators, and what is drawn as nothing. */
const UNSHOWN = /[\p{C}\p{Z}\p{DI}]/u

/** A path with what is encoded UTF-8 beyond ASCII decoded, where that can be seen: `/%E6%97%A5` is `/日`. */
export function readablePath(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(ENCODED, (run) => {
    try {
      const text = decodeURIComponent(run)
      return UNSHOWN.test(text) ? run : text
    } catch {
      return run
    }
  })
}

/**
 * Breaks pieces into lines: between two of them, and between the words of one that is longer than a line.
 * @param room the columns of a line
 * @param first those of the first line
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
