import { executionAsyncResource } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { nextTick } from '../clock.js'

// The one file that touches what Node.js does not document. Seen in Node.js 20.19 to 26.

/** The handle of a socket. */
interface Handle {
  /** All that was handed to libuv. */
  readonly bytesWritten?: unknown
  /** What libuv has not handed to the operating system. */
  readonly writeQueueSize?: unknown
}

type Internals = Socket & { readonly _handle?: Handle | null; readonly _httpMessage?: ServerResponse | null }

/** How many bytes of what was written to a socket the operating system has not taken. */
export function unsentBytesOf(socket: Socket): number {
  const { bytesWritten, writeQueueSize } = (socket as Internals)._handle ?? {}
  const isPlain = !('encrypted' in socket)
  if (isPlain && typeof bytesWritten === 'number' && typeof writeQueueSize === 'number') {
    return socket.bytesWritten - bytesWritten + writeQueueSize
  }
  // All writes that are not done, from their beginnings: what TLS has sent of the first one is not known.
  return socket.writableLength
}

/** The response whose turn it is on a connection of HTTP/1, if there is one. */
export function respondingOn(socket: unknown): ServerResponse | undefined {
  return (socket as Internals)._httpMessage ?? undefined
}

let kept: object | undefined

/**
 * Keeps one of the objects that `process.nextTick` makes. Once a collection finds none of them alive, V8 forgets their
 * shape, and Node.js 20 then makes each later one by a slow path.
 */
export function keepTickShape(): void {
  if (kept !== undefined) return
  kept = {}
  nextTick(() => {
    kept = executionAsyncResource()
  })
}
