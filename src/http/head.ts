import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http'

/** The headers that a head is written with, in the ways in which Node.js takes them. */
export type HeadFields = OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined

/** A header in whichever case. */
export interface Header {
  readonly name: string
  readonly lowered: string
}

/** The header of a name. */
export function headerNamed(name: string): Header {
  return { name, lowered: name.toLowerCase() }
}

/** The headers of a head with one more, unless they have it; what was given is not changed. */
export function withHeader(fields: HeadFields, header: Header, value: string): HeadFields {
  if (fields === undefined || fields === null) return { [header.name]: value }
  if (Array.isArray(fields)) return withPair(fields, header, value)
  return isAmong(fields, header) ? fields : { ...fields, [header.name]: value }
}

/** The headers of a list: names and values in turns, or in pairs. */
function withPair(fields: OutgoingHttpHeader[], { name, lowered }: Header, value: string): HeadFields {
  const isPaired = Array.isArray(fields[0])
  const names = isPaired
    ? fields.map((pair) => (pair as string[])[0])
    : fields.filter((_, at) => at % 2 === 0)
  if (names.some((each) => String(each).toLowerCase() === lowered)) return fields
  return isPaired ? [...fields, [name, value]] : [...fields, name, value]
}

function isAmong(fields: OutgoingHttpHeaders, { lowered }: Header): boolean {
  // As frameworks write it.
  if (fields[lowered] !== undefined) return true
  for (const name in fields) {
    if (name.length === lowered.length && name.toLowerCase() === lowered) return true
  }
  return false
}
