/** How many values are remembered: clients make up methods, and an app may have many routes. */
const MAX_REMEMBERED = 512

/** How long a text is that may be remembered, in UTF-16 units. */
const MAX_UNITS = 256

/** Whether a value may be kept for the life of the process. */
export function isShort(value: unknown): boolean {
  return typeof value !== 'string' || value.length <= MAX_UNITS
}

/** Says a value as a line has it. */
type Say<Said> = (value: unknown) => Said

/** Says what has been said before without working it out again. */
export function remembering<Said>(say: Say<Said>): Say<Said> {
  const said = new Map<unknown, Said>()
  return (value) => {
    const before = said.get(value)
    if (before !== undefined) return before
    const now = say(value)
    if (said.size < MAX_REMEMBERED && isShort(value)) said.set(value, now)
    return now
  }
}

/** What no value is. */
const NOTHING_YET = Symbol('nothing')

/** Says the same as before of the same: of a time, until the next millisecond. */
export function rememberingLast<Said>(say: Say<Said>): Say<Said> {
  let last: unknown = NOTHING_YET
  let said: Said
  return (value) => {
    if (value !== last) {
      said = say(value)
      last = value
    }
    return said
  }
}
