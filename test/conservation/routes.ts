import type { Handler, Handlers, Sent } from './plan.js'

/** Paths for which there is no route. */
const NOWHERE: readonly string[] = ['/missing', '/%zz']

/** The routes that the log must tell of a request, at its start and at its completion. */
export function routesOf(
  { http1, http2 }: Handlers,
  sent: Sent,
): [start: string | undefined, completion: string | undefined] {
  const handler = sent.over === 'HTTP/2' ? http2 : http1
  const route = isRouted(handler, sent) ? patternOf(sent.path) : undefined
  // Express looks for a route only after the start.
  return [handler === 'Fastify' ? route : undefined, route]
}

function isRouted(handler: Handler, { fate, over, path }: Sent): boolean {
  if (handler === 'a listener' || fate === 'rejected' || NOWHERE.includes(path)) return false
  if (handler === 'Fastify') return true
  // Sockets pass Express by; what it can't parse is answered before a route has it.
  return over !== 'WebSocket' && path !== '/json'
}

function patternOf(path: string): string {
  return path.startsWith('/parameters/') ? '/parameters/:name' : path
}
