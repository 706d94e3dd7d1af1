/** Styles a text that contains no colours and no control characters. */
export type Brush = (text: string) => string

type Style = 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'fatal'

/** The styles of the view, and eight colours to tell open requests apart. */
export type Paint = Readonly<Record<Style, Brush>> & { readonly ids: readonly Brush[] }

/** Resets all styles. */
export const RESET = '\x1b[0m'

/** The number of id colours. */
export const ID_COLORS = 8
/** Of 16 colours, those legible on light and dark backgrounds, except reds. */
const FEW_COLORS = [36, 35, 32, 33, 34, 95, 96, 92]
/** Of 256 colours: each has a contrast of at least 3 against white and black. */
const MANY_COLORS = [33, 166, 30, 169, 64, 99, 136, 161]

/**
 * Creates the styles; without colours they do nothing.
 * @param manyColors if the terminal has 256 colours
 */
export function createPaint(colors: boolean, manyColors: boolean): Paint {
  const brush = (begin: string, end = '39'): Brush =>
    colors ? (text) => `\x1b[${begin}m${text}\x1b[${end}m` : (text) => text
  const ids = manyColors ? MANY_COLORS.map((code) => `38;5;${code}`) : FEW_COLORS.map(String)
  return {
    // Grey is invisible on some backgrounds; a fainter foreground is not.
    dim: brush('2', '22'),
    red: brush('31'),
    green: brush('32'),
    yellow: brush('33'),
    blue: brush('34'),
    magenta: brush('35'),
    cyan: brush('36'),
    fatal: brush('1;31', '22;39'),
    ids: ids.map((code) => brush(code)),
  }
}
