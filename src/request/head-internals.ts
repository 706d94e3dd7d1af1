import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { attempt } from '../safely.js'
import type { RequestRecord } from './record.js'

/** The headers of the head that a request was answered with; none if none was sent. Names are in lower case. */
export function sentHeaders({ stream, response, headStatus, isUnsent }: RequestRecord): OutgoingHttpHeaders {
  if (stream !== undefined) return attempt(() => regularHeaders(stream.sentHeaders), {})
  return response === undefined || headStatus === undefined || isUnsent ? {} : headersOfHead(response)
}

/** The headers of an HTTP/2 stream, on which an app may answer itself, without those that begin with a colon. */
function regularHeaders(headers: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith(':') ? [] : [[name.toLowerCase(), value]],
    ),
  )
}

function headersOfHead(response: ServerResponse): OutgoingHttpHeaders {
  const head = headOf(response)
  if (head === undefined) return attempt(() => response.getHeaders(), {})
  const headers = new Map<string, string | string[]>()
  for (const line of head.split(LINE_END).slice(1)) {
    const colon = line.indexOf(':')
    if (colon === -1) continue
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : [before, value].flat())
  }
  return Object.fromEntries(headers)
}

const LINE_END = '\r\n'

/** Node.js 20 to 26 keep a head as `_header`; those that were given to `writeHead` alone are nowhere else. */
function headOf(response: ServerResponse): string | undefined {
  const head: unknown = attempt(() => Reflect.get(response, '_header'), undefined)
  return typeof head === 'string' ? head : undefined
}

/** Reads a header of a head that was sent, by its name in lower case; several lines are joined by a comma. */
export function sentHeader(record: RequestRecord, name: string): string | undefined {
  const { stream, response, headStatus, isUnsent } = record
  const isHead = stream === undefined && headStatus !== undefined && !isUnsent
  const head = isHead && response !== undefined ? headOf(response) : undefined
  if (head !== undefined) return lineOf(head, name)
  const headers = sentHeaders(record)
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (value === undefined) return undefined
  return Array.isArray(value) ? value.join(', ') : String(value)
}

/** Finds a header in the text of a head, which has Latin-1 characters alone, so lower case keeps their places. */
function lineOf(head: string, name: string): string | undefined {
  const lowered = head.toLowerCase()
  const begin = `${LINE_END}${name}:`
  const values: string[] = []
  for (let at = lowered.indexOf(begin); at !== -1; at = lowered.indexOf(begin, at + 1)) {
    const from = at + begin.length
    values.push(head.slice(from, head.indexOf(LINE_END, from)).trim())
  }
  return values.length === 0 ? undefined : values.join(', ')
}
