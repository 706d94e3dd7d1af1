import type { ServerHttp2Stream } from 'node:http2'
import { attempt } from '../rules/attempt.js'
import type { RawResponse } from './visit.js'

/**
 * Tells when the server itself breaks a response off: its destroy() and, over HTTP/2, its stream's close(). A connection
 * of HTTP/1 shows by itself who ended it.
 */
export function watchBreaking(response: RawResponse, broke: (error: unknown) => void): void {
  const { destroy } = response
  response.destroy = (error) => {
    broke(error)
    return destroy.call(response, error)
  }
  const { stream } = response as { stream?: ServerHttp2Stream }
  if (stream === undefined) return
  const { close } = stream
  stream.close = (code, callback) => {
    // A client whose connection is lost has its streams closed so, too.
    const isLost = attempt(() => stream.session?.socket.destroyed, true)
    if (code && isLost === false) broke(undefined)
    close.call(stream, code, callback)
  }
}
