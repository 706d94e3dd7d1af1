import type { ServerResponse } from 'node:http'
import { attempt } from '../../safely.js'

/**
 * Reads where a redirect led, when its head has been sent. Headers that were given to `writeHead` alone, as Fastify does,
 * are then nowhere but in the head itself, which Node.js 20 to 26 keep as `_header`; without it there is no location.
 */
export function sentLocation(response: ServerResponse): string | undefined {
  const set: unknown = attempt(() => response.getHeader('location'), undefined)
  if (typeof set === 'string') return set
  const head: unknown = attempt(() => Reflect.get(response, '_header'), undefined)
  return typeof head === 'string' ? /\r\nlocation: ?([^\r\n]*)/i.exec(head)?.[1] : undefined
}
