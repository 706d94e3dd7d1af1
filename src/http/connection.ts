import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { safely } from '../safely.js'
import { setHidden } from './hidden.js'
import { unsentBytesOf } from './node-insides.js'
import type { Visit } from './visit.js'

const CONNECTION = Symbol('waybill.connection')
type Marked = Socket & { [CONNECTION]?: Connection }

/** What is known of a connection of HTTP/1 beside its requests. */
export class Connection {
  /** The request that came last, for as long as it is open or more of it may come. */
  last: Visit | undefined
  /** The requests that a client sent ahead and whose turn has not come. */
  waiting: Set<Visit> | undefined
  /** Whether what came over it could not be parsed: then nothing else is read from it. */
  failed = false
  /** Whether the server ended it since nothing came or went for too long. */
  timedOut = false
  /** The bytes that the operating system had not taken when it was destroyed. */
  unsentBytes = 0
  #watched = false

  /** Finds or makes the record of a socket. */
  static of(socket: Socket): Connection {
    const known = connectionOf(socket)
    if (known !== undefined) return known
    const connection = new Connection(socket)
    setHidden(socket, CONNECTION, connection)
    return connection
  }

  constructor(socket: Socket) {
    // Node.js decides what becomes of it before it tells others.
    socket.on?.('timeout', () => {
      if (socket.destroyed) this.timedOut = true
    })
  }

  /** Remembers what a socket has not sent when it is destroyed: afterwards Node.js does not tell. */
  watchUnsent(socket: Socket): void {
    if (this.#watched) return
    this.#watched = true
    beforeDestroy(socket, () => {
      this.unsentBytes = unsentBytesOf(socket)
    })
  }
}

/** The record of a socket that a request has come over. */
export function connectionOf(socket: Partial<Socket>): Connection | undefined {
  return (socket as Marked)[CONNECTION]
}

/** Calls back when a stream is destroyed, while it can still tell of itself. */
export function beforeDestroy(stream: Duplex, look: () => void): void {
  const { destroy } = stream
  setHidden(stream, 'destroy', (error?: Error) => {
    if (!stream.destroyed) safely(look)
    return destroy.call(stream, error)
  })
}
