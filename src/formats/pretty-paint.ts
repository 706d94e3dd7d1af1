const CODES = { gray: 90, green: 32, cyan: 36, yellow: 33, red: 31, magenta: 35 } as const

/** A colour of a head. */
export type Color = keyof typeof CODES

/** Paints a text; without effect where there are no colours. */
export type Paint = (color: Color, text: string) => string

/** Paints what holds no colours itself, and nothing that a terminal would obey. */
export function createPaint(colors: boolean): Paint {
  return colors ? (color, text) => `\x1b[${CODES[color]}m${text}\x1b[39m` : (_color, text) => text
}
