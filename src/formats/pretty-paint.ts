type Color = 'gray' | 'green' | 'cyan' | 'yellow' | 'red' | 'magenta'

/** Puts a text in a colour; it holds no colours itself, and nothing that a terminal would obey. */
export type Brush = (text: string) => string

/** The colours that a head is painted with. */
export type Paint = Readonly<Record<Color, Brush>>

/** The colours, without effect where there are none. */
export function createPaint(colors: boolean): Paint {
  const brush = (code: number): Brush => {
    const begin = `\x1b[${code}m`
    return colors ? (text) => `${begin}${text}\x1b[39m` : (text) => text
  }
  return {
    gray: brush(90),
    green: brush(32),
    cyan: brush(36),
    yellow: brush(33),
    red: brush(31),
    magenta: brush(35),
  }
}
