import type { ServerHttp2Stream } from 'node:http2'
import { attempt, safely } from '../safely.js'
import { setHidden } from './hidden.js'
import type { RawResponse } from './visit.js'

/**
 * Tells when the server itself breaks a response off: its destroy() and, over HTTP/2, its stream's close(). A connection
 * of HTTP/1 shows by itself who ended it.
 */
export function watchBreaking(
  response: RawResponse,
  stream: ServerHttp2Stream | undefined,
  broke: (error: unknown) => void,
): void {
  const { destroy } = response
  setHidden(response, 'destroy', (error?: Error) => {
    safely(() => broke(error))
    return destroy.call(response, error)
  })
  if (stream === undefined) return
  const { close } = stream
  setHidden(stream, 'close', (code?: number, callback?: () => void) => {
    // A client whose connection is lost has its streams closed so, too.
    const isLost = attempt(() => stream.session?.socket.destroyed, true)
    if (code && isLost === false) safely(() => broke(undefined))
    close.call(stream, code, callback)
  })
}
