/** How many values are remembered: clients make up methods, and an app may have many routes. */
const MAX_REMEMBERED = 512

/** Says a value as a line has it. */
type Say = (value: unknown) => string | undefined

/** Says what has been said before without working it out again. */
export function remembering(say: Say): Say {
  const said = new Map<unknown, string | undefined>()
  return (value) => {
    const before = said.get(value)
    if (before !== undefined) return before
    const now = say(value)
    if (said.size < MAX_REMEMBERED) said.set(value, now)
    return now
  }
}

/** Says what is worked out now. */
export function rememberingAll(values: readonly unknown[], say: Say): Say {
  const said = new Map(values.map((value) => [value, say(value)]))
  return (value) => said.get(value)
}

/** Says the same as before of the same: of a time, until the next millisecond. */
export function rememberingLast(say: Say): Say {
  let last: unknown
  let said: string | undefined
  return (value) => {
    if (value !== last) {
      said = say(value)
      last = value
    }
    return said
  }
}
