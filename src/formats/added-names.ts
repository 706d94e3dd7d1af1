import { remembering } from './remember.js'
import type { Syntax } from './syntax.js'

/** What a field is called in a line, and its key there, with its separator. */
interface Name {
  readonly called: string
  readonly key: string
}

/** Writes fields that nobody could name before. */
export type WriteAdded = (fields: Iterable<readonly [string, unknown]>) => string

/**
 * Makes what writes added fields: under names that nothing else in a line has, and each name once.
 * @param nameOf what a field of a name is called
 * @param taken what other fields of a line are called
 * @param say what a value is written as
 */
export function writeAdded(
  { key: keyOf, value: write }: Syntax,
  nameOf: (given: string) => string,
  taken: ReadonlySet<string>,
  say: ((value: unknown) => unknown) | undefined,
): WriteAdded {
  const named = (called: string, used?: ReadonlySet<string>): Name => {
    let free = called
    while (taken.has(free) || used?.has(free)) free += '_'
    return { called: free, key: keyOf(free) }
  }
  const remembered = remembering((given) => named(nameOf(String(given))))
  return (fields) => {
    let encoded = ''
    const used = new Set<string>()
    for (const [given, value] of fields) {
      let name = remembered(given)
      if (used.has(name.called)) name = named(name.called, used)
      used.add(name.called)
      encoded += name.key + write(say === undefined ? value : say(value))
    }
    return encoded
  }
}
