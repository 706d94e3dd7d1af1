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

/** Node.js 20 to 26 keep a head as `_header`; those that were given to `writeHead` alone are nowhere else. */
function headersOfHead(response: ServerResponse): OutgoingHttpHeaders {
  const head: unknown = attempt(() => Reflect.get(response, '_header'), undefined)
  if (typeof head !== 'string') return attempt(() => response.getHeaders(), {})
  const headers = new Map<string, string | string[]>()
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    if (colon === -1) continue
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : [before, value].flat())
  }
  return Object.fromEntries(headers)
}

/** Reads a header of a head that was sent; several lines are joined by a comma. */
export function sentHeader(record: RequestRecord, name: string): string | undefined {
  const headers = sentHeaders(record)
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (value === undefined) return undefined
  return Array.isArray(value) ? value.join(', ') : String(value)
}
