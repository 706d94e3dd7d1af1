import { executionAsyncResource } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { nextTick } from '../clock.js'

// Undocumented internals of Node.js, as seen in Node.js 20.19 to 26.

/** The handle of a socket. */
interface Handle {
  /** Bytes handed to libuv. */
  readonly bytesWritten?: unknown
  /** Bytes that libuv has not handed to the operating system. */
  readonly writeQueueSize?: unknown
}

type Internals = Socket & { readonly _handle?: Handle | null; readonly _httpMessage?: ServerResponse | null }

/** Returns how many bytes written to a socket the operating system has not accepted. */
export function unsentBytesOf(socket: Socket): number {
  const { bytesWritten, writeQueueSize } = (socket as Internals)._handle ?? {}
  const isPlain = !('encrypted' in socket)
  if (isPlain && typeof bytesWritten === 'number' && typeof writeQueueSize === 'number') {
    return socket.bytesWritten - bytesWritten + writeQueueSize
  }
  // Counts unfinished writes whole, because TLS doesn't tell how much of the first one it has sent.
  return socket.writableLength
}

/** Returns the response whose turn it is on an HTTP/1 connection. */
export function respondingOn(socket: unknown): ServerResponse | undefined {
  return (socket as Internals)._httpMessage ?? undefined
}

let kept: object | undefined

/**
 * Keeps one object of `process.nextTick` alive. Once a garbage collection finds none, V8 drops their shape, and Node.js 20
 * creates all later ones on a slow path.
 */
export function keepTickShape(): void {
  if (kept !== undefined) return
  kept = {}
  nextTick(() => {
    kept = executionAsyncResource()
  })
}
