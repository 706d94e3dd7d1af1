const QUOTE = '"'
const BACKSLASH = '\\'

/** A member of a JSON object, as it is written. */
export type Member = readonly [key: string, value: string]

/** The members of a JSON object in its own order, also where two have one name: `JSON.parse` keeps the last of them. */
export function membersOf(object: string): Member[] {
  const members: Member[] = []
  let at = object.indexOf(QUOTE)
  while (at !== -1 && at < object.length) {
    const keyEnd = endOfText(object, at)
    const valueEnd = endOfValue(object, keyEnd + 1)
    members.push([JSON.parse(object.slice(at, keyEnd)), object.slice(keyEnd + 1, valueEnd)])
    at = object.indexOf(QUOTE, valueEnd)
  }
  return members
}

/** Where a text ends whose opening quote stands at a place. */
function endOfText(json: string, start: number): number {
  let at = start + 1
  while (json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1
  return at + 1
}

/** Where a value ends: at a comma or a brace that is not within it. */
function endOfValue(json: string, start: number): number {
  let depth = 0
  let at = start
  while (at < json.length) {
    const character = json[at]
    if (character === QUOTE) {
      at = endOfText(json, at)
      continue
    }
    if (depth === 0 && (character === ',' || character === '}')) return at
    if (character === '{' || character === '[') depth++
    if (character === '}' || character === ']') depth--
    at++
  }
  return at
}
