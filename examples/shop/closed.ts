import type { ServerResponse } from 'node:http'

/** Aborts what is under way for a response when it closes: nobody waits for it any more. */
export function untilClosed(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => controller.abort())
  return controller.signal
}
