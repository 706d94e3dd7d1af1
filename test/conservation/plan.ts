import { Random } from './random.js'
import type { Fate } from './truth.js'

/** What a client saw of the answer to a request. */
export interface Seen {
  status: number | undefined
  /** The bytes of the body. */
  bytes: number
  /** Whether it has read the answer to its end. */
  whole: boolean
}

export function nothingSeen(): Seen {
  return { status: undefined, bytes: 0, whole: false }
}

/** What a request is sent over: `pipelined` is HTTP/1.1, with requests ahead of their answers. */
export type Protocol = 'HTTP/1.1' | 'pipelined' | 'WebSocket' | 'HTTP/2'

/** A request that is sent, and what became of it for its client. */
export interface Sent {
  readonly id: string
  readonly over: Protocol
  readonly kind: string
  readonly method: string
  readonly path: string
  readonly fate: Fate
  readonly seen: Seen
  /** The request before it in a pipeline, whose answer comes first. */
  readonly behind: Sent | undefined
}

/** What one client does, from its connection to its end. */
export type Visit = (crowd: Crowd) => Promise<void>

/** The service that a crowd visits. */
export interface Crowd {
  readonly http1: number
  readonly http2: number
  /** Waits until the server has said so of a request; that its upload has reached the upstream, the upstream does. */
  sign(name: 'arrived' | 'reached' | 'stalled', request: Sent): Promise<void>
}

/** What handles the requests of a crowd, over either protocol. */
export type Handler = 'Fastify' | 'Express' | 'a listener'

/** A service, and what handles its requests there. */
export interface Handlers {
  readonly http1: Handler
  readonly http2: Handler
}

/** What a crowd will do. All chance is here, so that a seed repeats it. */
export class Plan {
  readonly random: Random
  readonly sent: Sent[] = []
  readonly visits: Visit[] = []
  /** What the clients saw that send something that is no request. */
  readonly garbage: Seen[] = []

  readonly handlers: Handlers

  constructor(seed: number, handlers: Handlers) {
    this.random = new Random(seed)
    this.handlers = handlers
  }

  request(over: Protocol, kind: string, fate: Fate, method: string, path: string, behind?: Sent): Sent {
    const seen = nothingSeen()
    const sent: Sent = { id: `request-${this.sent.length}`, over, kind, fate, method, path, seen, behind }
    this.sent.push(sent)
    return sent
  }
}
