import {
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  type ServerResponse,
  validateHeaderValue,
} from 'node:http'
import { attempt } from '../safely.js'

/** The headers that a head is written with, in the ways in which Node.js takes them. */
export type HeadFields = OutgoingHttpHeaders | OutgoingHttpHeader[] | null | undefined

/** A header in whichever case. */
export interface Header {
  readonly name: string
  readonly lowered: string
}

/** The header of a name. */
export function headerNamed(name: string): Header {
  return { name, lowered: name.toLowerCase() }
}

/** The headers that a head is written with so that a header goes with it: whoever has set one of that name has it sent. */
export function headFor(
  response: ServerResponse,
  fields: HeadFields,
  header: Header,
  value: string,
): HeadFields {
  return response.hasHeader(header.lowered)
    ? withoutHeader(fields, header, value)
    : withHeader(fields, header, value)
}

/** The headers of a head without one that has been added as frameworks write it. */
function withoutHeader(fields: HeadFields, { lowered }: Header, value: string): HeadFields {
  if (fields === undefined || fields === null || Array.isArray(fields) || fields[lowered] !== value)
    return fields
  const { [lowered]: _ours, ...others } = fields
  return others
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
  if (Object.hasOwn(fields, lowered)) return true
  return Object.keys(fields).some((name) => name.length === lowered.length && name.toLowerCase() === lowered)
}

/** Whether an id that an app made can be sent as a header. */
export function isSendable(id: unknown): id is string {
  return (
    typeof id === 'string' && id !== '' && attempt(() => validateHeaderValue('id', id) === undefined, false)
  )
}
