import type { ServerResponse } from 'node:http'

/** Returns a signal that aborts when a response closes, because its client no longer waits. */
export function untilClosed(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => controller.abort())
  return controller.signal
}
