import { isShort } from './remember.js'

/** How many texts are remembered: clients make up methods, and an app may have many routes. */
const MAX_REMEMBERED = 2048

/** A piece of a run: what all lines say alike, or a key and how a value behind it is written. */
export type Piece = string | SteadyField

/** A field of which the values come again: for the next lines too, or over and over. */
export interface SteadyField {
  readonly key: string
  readonly write: (value: never) => string | undefined
  readonly holds: 'next' | 'often'
}

/** Says the values of the fields of a run as one text, with what stands between them. */
export type SayTogether = (...values: unknown[]) => string

/** Texts by the values that they say, one map for each. */
type Memory = Map<unknown, Memory | string>

/** Says what comes again without working it out again; what holds only for the next lines is not kept. */
export function sayTogether(pieces: readonly Piece[]): SayTogether {
  const compose = composing(pieces)
  if (pieces.some((piece) => typeof piece !== 'string' && piece.holds === 'next')) return compose
  const memory: Memory = new Map()
  let remembered = 0
  return (...values) => {
    let found: Memory | string | undefined = memory
    for (const value of values) found = (found as Memory | undefined)?.get(value)
    if (found !== undefined) return found as string
    const text = compose(...values)
    if (remembered < MAX_REMEMBERED && values.every(isShort)) {
      remembered++
      remember(memory, values, text)
    }
    return text
  }
}

function remember(memory: Memory, values: readonly unknown[], text: string): void {
  let inner = memory
  for (const value of values.slice(0, -1)) {
    const next = (inner.get(value) as Memory | undefined) ?? new Map()
    inner.set(value, next)
    inner = next
  }
  inner.set(values.at(-1), text)
}

function composing(pieces: readonly Piece[]): SayTogether {
  return (...values) => {
    let at = 0
    const said = pieces.map((piece) => {
      if (typeof piece === 'string') return piece
      const value = values[at++]
      const text = value === undefined ? undefined : piece.write(value as never)
      return text === undefined ? '' : piece.key + text
    })
    // Unlike a sum, which is copied piece by piece each time that it is written.
    return said.join('')
  }
}
