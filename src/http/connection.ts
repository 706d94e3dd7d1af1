import type { Socket } from 'node:net'
import type { Visit } from './visit.js'

const CONNECTION = Symbol('waybill.connection')
type Marked = Socket & { [CONNECTION]?: Connection }

/** What is known of a connection of HTTP/1 beside its requests. */
export class Connection {
  /** The request that came last. */
  last: Visit | undefined
  /** The requests that a client sent ahead and whose turn has not come. */
  waiting: Set<Visit> | undefined
  /** Whether what came over it could not be parsed: then nothing else is read from it. */
  failed = false
  /** Whether it is watched for what it still had to send. */
  watched = false
  /** The bytes that the operating system had not taken when it was destroyed. */
  unsentBytes = 0

  /** The one of a socket. */
  static of(socket: Socket): Connection {
    const marked: Marked = socket
    marked[CONNECTION] ??= new Connection()
    return marked[CONNECTION]
  }

  /** Remembers what a socket has not sent when it is destroyed: afterwards Node.js does not tell. */
  watchUnsent(socket: Socket): void {
    if (this.watched) return
    this.watched = true
    const { destroy } = socket
    socket.destroy = (error?: Error) => {
      if (!socket.destroyed) this.unsentBytes = unsentBytesOf(socket)
      return destroy.call(socket, error)
    }
  }
}

/** The handle of a socket is no documented one. Seen in Node.js 20.19 to 26. */
interface Handle {
  /** All that was handed to libuv. */
  readonly bytesWritten?: unknown
  /** What libuv has not handed to the operating system. */
  readonly writeQueueSize?: unknown
}

function unsentBytesOf(socket: Socket): number {
  const { _handle: handle } = socket as { _handle?: Handle | null }
  const { bytesWritten, writeQueueSize } = handle ?? {}
  const isPlain = !('encrypted' in socket)
  if (isPlain && typeof bytesWritten === 'number' && typeof writeQueueSize === 'number') {
    return socket.bytesWritten - bytesWritten + writeQueueSize
  }
  // All writes that are not done, from their beginnings: what TLS has sent of the first one is not known.
  return socket.writableLength
}
