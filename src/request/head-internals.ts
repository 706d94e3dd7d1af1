import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { attempt } from '../safely.js'

/**
 * Reads the sent headers of a response: over HTTP/1, Node.js 20 to 26 keep the head as `_header`, which alone has those
 * passed only to `writeHead`. Over HTTP/2 the response has them. Names are in lower case.
 */
export function sentHeaders(response: ServerResponse): OutgoingHttpHeaders {
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

/** Reads a sent header of a response; several lines are joined by a comma. */
export function sentHeader(response: ServerResponse | undefined, name: string): string | undefined {
  if (response === undefined) return undefined
  const value = sentHeaders(response)[name]
  if (value === undefined) return undefined
  return Array.isArray(value) ? value.join(', ') : String(value)
}
