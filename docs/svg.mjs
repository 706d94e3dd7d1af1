// Draws what a terminal shows as an SVG, and reads its rows back.

/** How wide and how high a character is, in pixels. */
const WIDTH = 8.4
const HEIGHT = 19
const MARGIN = 16
const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
const BACKGROUND = '#0d1117'
const FOREGROUND = '#d5dae1'
/** The colours 0 to 7 and 8 to 15 of a terminal, as GitHub's dark themes have them. */
const COLORS = [
  ...['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#b1bac4'],
  ...['#6e7681', '#ffa198', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#ffffff'],
]
/** The steps of each part of the colours 16 to 231. */
const STEPS = [0, 95, 135, 175, 215, 255]

/**
 * Draws rows with the colours of a terminal.
 * @param {readonly string[]} rows what a terminal shows, with its escape sequences for colours
 * @param {number} columns how wide it is
 * @param {string} title what the picture shows, in words
 * @returns {string}
 */
export function drawRows(rows, columns, title) {
  const width = Math.ceil(columns * WIDTH) + 2 * MARGIN
  const height = rows.length * HEIGHT + 2 * MARGIN
  const style = { color: undefined, dim: false, bold: false }
  const lines = rows.map((row, at) => {
    const spans = runsOf(row, style).flatMap(drawRun)
    const y = MARGIN + at * HEIGHT + 14
    return spans.length === 0 ? '' : `<text y="${y}">${spans.join('')}</text>\n`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">
<title>${escapeText(title)}</title>
<style>text { font-family: ${FONT}; font-size: 14px; fill: ${FOREGROUND}; white-space: pre } .d { fill-opacity: 0.62 } .b { font-weight: bold }</style>
<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}" stroke="#30363d"/>
${lines.join('')}</svg>
`
}

/** The rows of a picture as text. */
export function readRows(svg) {
  const lines = [...svg.matchAll(/<text y="(\d+)">(.*?)<\/text>/g)]
  const rows = []
  for (const [, y, spans] of lines) {
    let row = ''
    for (const [, x, text] of spans.matchAll(/<tspan x="([\d.]+)"[^>]*>([^<]*)<\/tspan>/g))
      row = row.padEnd(Math.round((x - MARGIN) / WIDTH)) + unescapeText(text)
    rows[(y - MARGIN - 14) / HEIGHT] = row
  }
  return Array.from(rows, (row) => row ?? '')
}

/** Each run of characters that look the same; the style goes on into the next row. */
function runsOf(row, style) {
  const runs = []
  let column = 0
  for (const part of row.split(/(\x1b\[[\d;]*m)/)) {
    if (part.startsWith('\x1b')) {
      applyCodes(part.slice(2, -1).split(';').map(Number), style)
      continue
    }
    // Words that stand far apart are drawn alone, so that each begins in its column whatever the font.
    for (const { 0: text, index } of part.matchAll(/\S+(?: \S+)*/g))
      runs.push({ ...style, text, column: column + index })
    column += part.length
  }
  return runs
}

function applyCodes(codes, style) {
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]
    if (code === 0) Object.assign(style, { color: undefined, dim: false, bold: false })
    else if (code === 1) style.bold = true
    else if (code === 2) style.dim = true
    else if (code === 22) Object.assign(style, { dim: false, bold: false })
    else if (code === 39) style.color = undefined
    else if (code === 38) {
      style.color = colorOf(codes[at + 2])
      at += 2
    } else if (code >= 30 && code <= 37) style.color = COLORS[code - 30]
    else if (code >= 90 && code <= 97) style.color = COLORS[code - 82]
    else if (code !== 49) throw new Error(`the picture knows no escape sequence ${code}`)
  }
}

/** A colour of 256, as xterm has them. */
function colorOf(code) {
  if (code < 16) return COLORS[code]
  if (code > 231) return `rgb(${Array(3).fill(8 + (code - 232) * 10)})`
  const cube = code - 16
  return `rgb(${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((part) => STEPS[part])})`
}

function drawRun({ text, column, color, dim, bold }) {
  const x = round(MARGIN + column * WIDTH)
  const names = [dim && 'd', bold && 'b'].filter(Boolean).join(' ')
  const shade = names === '' ? '' : ` class="${names}"`
  const fill = color === undefined ? '' : ` style="fill:${color}"`
  return `<tspan x="${x}" textLength="${round(text.length * WIDTH)}"${shade}${fill}>${escapeText(text)}</tspan>`
}

function round(pixels) {
  return Math.round(pixels * 10) / 10
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeText(text) {
  return text.replaceAll(/[&<>"]/g, (each) => ENTITIES[each])
}

function unescapeText(text) {
  return Object.entries(ENTITIES).reduceRight((left, [each, entity]) => left.replaceAll(entity, each), text)
}
