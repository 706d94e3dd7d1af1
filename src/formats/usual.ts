import type { Part } from './parts.js'

/** Reads what a line may say; undefined where it says nothing. */
type Read = (subject: never, level: never) => unknown

/** The line of a request that nothing unusual happened to. */
export interface UsualLine {
  /** What is there then. */
  readonly said: Read[]
  /** What is not. */
  readonly unsaid: Read[]
  /** The parts of a line of which both hold. */
  readonly parts: readonly Part[]
}

/** Makes the usual line of the parts of all lines: without what is rare, and sure of what is nearly always there. */
export function usualLine(parts: readonly Part[]): UsualLine {
  const said: Read[] = []
  const unsaid: Read[] = []

  function usual(part: Part): Part[] {
    if ('text' in part) return [part]
    if ('parts' in part) {
      const inner = part.parts.flatMap(usual)
      return inner.length === 0 ? [] : [{ key: part.key, parts: inner }]
    }
    if (part.usually === 'unsaid') {
      unsaid.push(part.read)
      return []
    }
    if (part.usually === undefined || 'spread' in part) return [part]
    said.push(part.read)
    return [{ ...part, always: true }]
  }

  return { parts: parts.flatMap(usual), said, unsaid }
}
