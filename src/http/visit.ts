import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Http2ServerRequest, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { RawRequest } from '../options.js'
import type { CaptureSource } from '../request/details.js'
import type { RequestId } from '../request/id.js'
import type { RequestLogger } from '../request/logger.js'
import type { Entry, Start } from '../request/record.js'
import { isNetworkError } from './network.js'
import type { Linked } from './open-list.js'
import type { ResponseObserver } from './response.js'

/** A response as Node.js hands it over; the one of HTTP/2 has the same methods. */
export type RawResponse = ServerResponse

/** Two line breaks, beside the size of a chunk (RFC 9112, section 7.1). */
const CHUNK_FRAMING = 4

/** A framework's own request, which holds the logger that is its own at that time. */
export interface LoggedRequest {
  readonly log: RequestLogger
  /**
   * The route that it came to, if the framework looks for it only after the start.
   * @param failed whether its handlers threw
   */
  matched?(status: number | undefined, failed: boolean): string | undefined
}

/** What only a framework knows of a request. */
export interface Routing {
  readonly requestId: string
  readonly method: string
  readonly route: string | undefined
  /** Whether a route was looked for, rather than the request answered before that. */
  readonly isRouted: boolean
  readonly source: CaptureSource
  readonly request: LoggedRequest
  /** Whether the logger of the request puts the id on its lines by itself. */
  readonly bindsId: boolean
}

/** What keeps the visits, and is told what happens to them. */
export interface VisitKeeper {
  /** Called when it is over. */
  leave(visit: Visit): void
  /** Called after a write of which the connection has not taken everything at once. */
  held(visit: Visit): void
  /** Called when it is answered after it was over. */
  late(visit: Visit): void
}

/** A request from the moment at which a server has it, also if no framework ever does. */
export class Visit implements ResponseObserver, Linked<Visit> {
  readonly keeper: VisitKeeper
  readonly id: RequestId
  readonly start: Start
  readonly raw: RawRequest
  /** The connection that it came over; others may take it from the request (undici sets `request.socket` to null). */
  readonly socket: Partial<Socket>
  /** The stream of HTTP/2 that carries it. */
  readonly stream: ServerHttp2Stream | undefined
  /** The target as it came: a framework may rewrite it. */
  readonly url: string
  /** Absent where Node.js makes none: for an upgrade and for CONNECT. */
  response: RawResponse | undefined
  /** The id that goes with the response. */
  idToSend: string
  /** Whether it stands among the headers of the response, where a handler may take it away. */
  idIsSet = false
  /** The bytes of its body, and those that chunks add to them. */
  bodyBytes = 0
  framingBytes = 0
  /** Into how many pieces a body was written. */
  pieces = 0
  /** Whether its connection has not taken a piece at once. */
  wasHeld = false
  /** What of it a stream of HTTP/2 had not sent when it was destroyed. */
  unsentBytes = 0
  /** Whether there was nobody left when its head was written. */
  unsent = false
  /** The status of the head that was written; what the response holds may be changed afterwards. */
  headStatus: number | undefined
  /** Whether its turn to be answered has come: responses to pipelined requests wait for those before them. */
  hasTurn = true

  /** Absent until it has come to a route, or to the handler of those for which there is none. */
  entry: Entry | undefined
  request: LoggedRequest | undefined

  /** Whether a route was looked for. */
  routed = false
  /** Whether the whole response was handed to the operating system. */
  sent = false
  /** Whether the server broke the response off. */
  broken = false
  /** Whether the server gave up waiting for it. */
  timedOut = false
  /** Whether the server answered it since its handler took too long. */
  handlerTimedOut = false
  /** Whether the server would not have it. */
  refused = false
  /** Whether its connection was handed over, as Upgrade and CONNECT ask for. */
  handedOver = false
  /** Whether its client was the first to close a connection that was handed over. */
  closedFirst = false
  /** The status of an answer that was written without the response. */
  writtenStatus: number | undefined
  /** Why the server ended it. */
  error: unknown

  /** The requests of its connection that wait with it, if it was sent ahead. */
  waiting: Set<Visit> | undefined
  previous: Visit | undefined
  next: Visit | undefined
  listed = false

  constructor(
    keeper: VisitKeeper,
    id: RequestId,
    start: Start,
    raw: RawRequest,
    response: RawResponse | undefined,
    socket: Partial<Socket>,
  ) {
    this.keeper = keeper
    this.id = id
    this.idToSend = id.id
    this.start = start
    this.raw = raw
    this.socket = socket
    this.stream = raw.httpVersionMajor === 2 ? (raw as Http2ServerRequest).stream : undefined
    this.url = raw.url ?? ''
    this.response = response
  }

  /** The status that was sent, if any was. */
  get status(): number | undefined {
    if (this.unsent) return this.writtenStatus
    // A stream of HTTP/2 may be answered itself, past its response.
    return this.writtenStatus ?? statusSentOn(this.stream) ?? this.headStatus
  }

  isGone(): boolean {
    if (this.stream !== undefined) return this.stream.destroyed
    return this.response?.socket?.destroyed === true
  }

  wroteHead(status: number): void {
    this.headStatus = status
  }

  wrote(bytes: number): void {
    this.pieces++
    this.bodyBytes += bytes
    // Hexadecimal digits.
    this.framingBytes += ((35 - Math.clz32(bytes | 1)) >> 2) + CHUNK_FRAMING
  }

  wroteToNobody(): void {
    if (this.pieces === 0) this.unsent = true
  }

  held(): void {
    this.keeper.held(this)
  }

  ended(): void {
    if (!this.listed) this.keeper.late(this)
  }

  finished(): void {
    // Node.js 20 says so of a response that it could not write, too.
    this.sent = !isNetworkError(this.socket.errored)
    // One that no server made, as on AWS Lambda, may never be closed; and it may finish while its end is written.
    if (!(this.socket instanceof EventEmitter)) queueMicrotask(() => this.closed())
  }

  closed(): void {
    this.keeper.leave(this)
  }
}

/** The status of the head that was sent on a stream, also past its response. */
function statusSentOn(stream: ServerHttp2Stream | undefined): number | undefined {
  const status: unknown = stream?.sentHeaders?.[':status']
  return typeof status === 'number' ? status : undefined
}
