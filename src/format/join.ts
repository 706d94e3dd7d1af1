import type { Level } from '../vocabulary.js'

/** Writes a part of a line: fields, each after its separator; returns an empty string if there is nothing to write. */
export type PartWriter = (subject: never, level: Level) => string

/** One field of a line. */
export interface FieldPart {
  readonly read: (subject: never, level: Level) => unknown
  /** Writes the separator, the key and a value; returns an empty string to omit the field. */
  readonly write: (value: unknown) => string
}

export type Part = FieldPart | PartWriter

/** Joins the parts of a line; the first non-empty one drops its separator. */
export function joinParts(parts: readonly Part[]): PartWriter {
  try {
    return compileParts(parts)
  } catch {
    // Node.js runs with `--disallow-code-generation-from-strings`.
    return joinByClosures(parts)
  }
}

/** Joins parts the plain way; {@link compileParts} returns the same lines. */
export function joinByClosures(parts: readonly Part[]): PartWriter {
  const writers = parts.map((part): PartWriter => {
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

/** After so many changes of a value in a row, its text is no longer cached, and for how many lines. */
const MISSES = 8
const PAUSE = 1000

/**
 * Joins parts with one generated function, whose calls V8 can inline and which caches the latest text of each field
 * (`npm run bench:pieces`). Only numbers are interpolated into its source, never names or values.
 */
export function compileParts(parts: readonly Part[]): PartWriter {
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

/** Makes V8 flatten a concatenated string, once for all lines that repeat it. */
function flatten(text: string): void {
  Number(text)
}
