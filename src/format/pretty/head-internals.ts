import type { ServerResponse } from 'node:http'
import { attempt } from '../../safely.js'

/**
 * Reads where a redirect led, from the head that was sent: Node.js 20 to 26 keep it as `_header` over HTTP/1. Over HTTP/2
 * the response has the header.
 */
export function sentLocation(response: ServerResponse): string | undefined {
  const head: unknown = attempt(() => Reflect.get(response, '_header'), undefined)
  if (typeof head === 'string') return /\r\nlocation: ?([^\r\n]*)/i.exec(head)?.[1]
  const set: unknown = attempt(() => response.getHeader('location'), undefined)
  return typeof set === 'string' ? set : undefined
}
