import type { Level } from '../vocabulary.js'

/** Writes a part of a line: fields, each behind its separator; an empty text where there is nothing to write. */
export type Write = (subject: never, level: Level) => string

/** One field of a line. */
export interface Field {
  readonly read: (subject: never, level: Level) => unknown
  /** Writes the key, behind its separator, and a value; an empty text where the value says nothing. */
  readonly write: (value: unknown) => string
}

export type Part = Field | Write

/** Joins the parts of a line; the first one that is there drops its separator. */
export function joinParts(parts: readonly Part[]): Write {
  try {
    return compileParts(parts)
  } catch {
    // Node.js was told to make no code of texts (`--disallow-code-generation-from-strings`).
    return joinByClosures(parts)
  }
}

/** Joins parts the plain way: the meaning of what {@link compileParts} makes. */
export function joinByClosures(parts: readonly Part[]): Write {
  const writers = parts.map((part): Write => {
    if (typeof part === 'function') return part
    const { read, write } = part
    return (subject, level) => {
      const value = read(subject, level)
      return value === undefined ? '' : write(value)
    }
  })
  return (subject, level) => {
    let line = ''
    for (const write of writers) {
      const text = write(subject, level)
      if (text !== '') line += line === '' ? text.slice(1) : text
    }
    return line
  }
}

/** How often in a row a value may be another one before its texts are no longer kept, and how long that holds. */
const MISSES = 8
const PAUSE = 1000

/**
 * Joins parts by one function, made of a text, whose calls V8 can inline, and which keeps the latest text of a field whose
 * values come again (`npm run bench:pieces`). The text is made of numbers alone, never of names or values.
 */
export function compileParts(parts: readonly Part[]): Write {
  const constants = parts.map((part, at) =>
    typeof part === 'function'
      ? `const write${at} = parts[${at}]`
      : `const { read: read${at}, write: write${at} } = parts[${at}]
        let value${at}, text${at} = '', misses${at} = 0`,
  )
  const statements = parts.map((part, at) => {
    const add = `if (text !== '') line += line === '' ? text.slice(1) : text`
    if (typeof part === 'function') return `text = write${at}(subject, level); ${add}`
    return `value = read${at}(subject, level)
      if (value !== undefined) {
        if (misses${at} >= ${MISSES}) {
          text = write${at}(value)
          misses${at} = misses${at} === ${PAUSE} ? 0 : misses${at} + 1
        } else if (value === value${at}) {
          if (misses${at} !== 0) { flatten(text${at}); misses${at} = 0 }
          text = text${at}
        } else {
          text = text${at} = write${at}(value)
          value${at} = value
          misses${at}++
        }
        ${add}
      }`
  })
  const body = `'use strict'
    ${constants.join('\n')}
    return (subject, level) => {
      let line = '', text, value
      ${statements.join('\n')}
      return line
    }`
  return new Function('parts', 'flatten', body)(parts, flatten)
}

/** Makes V8 copy the pieces of a text together, once for all lines that it comes again in. */
function flatten(text: string): void {
  Number(text)
}
