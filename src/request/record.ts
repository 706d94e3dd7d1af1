import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { type Clock, roundMs } from '../clock.js'
import { showValue, warnLate } from '../errors.js'
import type { CurrentRequest, RawRequest, RequestLogger } from '../options.js'
import { attempt, keysOf } from '../safely.js'
import type { Outcome } from '../vocabulary.js'
import { type Failure, MAX_ERRORS } from './error.js'
import { AddedFields, isRecord } from './fields.js'
import type { IdRejection } from './id.js'
import type { Redactor } from './redact.js'
import type { TraceContext } from './trace.js'

/** Whether every line of a logger carries an id as `request_id`; a logger without `bindings()` does not. */
export function bindsId(logger: RequestLogger, id: string): boolean {
  return attempt(() => logger.bindings?.().request_id === id, false)
}

/** A framework's own request, which holds the logger that the app may have replaced. */
export interface FrameworkRequest {
  readonly log: RequestLogger
  /**
   * The route that answered, where the framework looks for it only after the start.
   * @param failed whether its handlers threw
   */
  matched?(status: number | undefined, failed: boolean): string | undefined
}

/** The calls of a request: those that overlap count once in `total_ms`; one without a whole answer below 500 has failed. */
export type CallCost = Readonly<Record<'count' | 'total_ms' | 'failed', number>>

/** What goes along with calls to other services, and to which of them. */
export interface Propagation {
  /** The name of the header for the id, in lower case. */
  readonly header: string
  readonly reaches: (host: string) => boolean
}

/** The log of one app, which keeps the records of its requests. */
export interface RecordKeeper {
  /** The names that handlers can't give to fields of their own. */
  readonly reserved: ReadonlySet<string>
  /** Decides which of these fields are redacted. */
  readonly redactor: Redactor
  /** The response header that carries the id; undefined where none does. */
  readonly idHeader: { readonly name: string; readonly lowered: string } | undefined
  /** Undefined where nothing goes along with calls. */
  readonly propagation: Propagation | undefined
  end(record: RequestRecord): void
  /** Writes a start that is held back, unless its request is quiet: before its first log line, or when it takes long. */
  writeHeldStart(record: RequestRecord): void
  /** Notes that a request is answered after it was over. */
  late(record: RequestRecord): void
}

const NOTHING_CAPTURED: readonly undefined[] = []

/**
 * Everything known of one request. A fact is noted when it happens, by the part that sees it, and never asked for again.
 * All fields are set here, in one order, so that all records have one shape.
 */
export class RequestRecord implements CurrentRequest {
  readonly keeper: RecordKeeper

  // Known at arrival.
  requestId = ''
  idRejected: IdRejection | undefined = undefined
  clientRequestId: string | undefined = undefined
  /** Absent, as the path is, of a request that can't be parsed. */
  method: string | undefined = undefined
  path: string | undefined = undefined
  /** Whether the path is only the beginning of what was asked for. */
  pathCut = false
  /** The target as it came, which routers and apps may rewrite. */
  target = ''
  /** The version of HTTP: `1.1`, `2.0`. */
  protocol: string | undefined = undefined
  /** When the latest event happened, in milliseconds since the Unix epoch. */
  time: number
  /** Milliseconds on a monotonic clock. */
  readonly startedAt: number

  // Known from the start, which is written or held back.
  started = false
  /** Whether the request has no lines unless something is wrong with it. */
  isQuiet = false
  /** Whether a sample decided that, with its route known or not. */
  sampling: 'none' | 'routed' | 'routeless' = 'none'
  /** The part of requests that is kept, of one that was kept by its id. */
  sampleRate: number | undefined = undefined
  /** Whether the start is held back, by a policy or a terminal; and whether it was written later than it happened. */
  startHeld = false
  isStartLate = false
  trace: TraceContext | undefined = undefined
  /** The ids by which Datadog's tracer correlates lines. */
  tracerIds: object | undefined = undefined
  /** The pattern that matched; known from the start or from the completion, depending on the framework. */
  route: string | undefined = undefined
  /** The details that were asked for by name, in the order of the option. */
  captured: readonly (string | undefined)[] = NOTHING_CAPTURED
  framework: FrameworkRequest | undefined = undefined
  /** The logger of the request: its level decides whether an event is written. */
  logger: RequestLogger
  /** Whether that logger puts the id on its lines by itself. */
  bindsId = false
  /** Whether code that the request runs can reach it. */
  inContext = false

  // The connection, which others may take from the request: undici sets `request.socket` to null.
  raw: RawRequest | undefined = undefined
  /** Absent where Node.js makes none: for an upgrade and for CONNECT. */
  response: ServerResponse | undefined = undefined
  socket: Partial<Socket>
  /** The stream of HTTP/2 that carries the request. */
  stream: ServerHttp2Stream | undefined = undefined
  /** The record of another app that handed the request on. */
  outer: RequestRecord | undefined = undefined
  /** The requests of its connection that wait with it, if it was sent ahead. */
  waiting: Set<RequestRecord> | undefined = undefined
  /** Whether its turn to be answered has come: responses to pipelined requests wait for those before them. */
  hasTurn = true
  isOpen = false
  /** Its neighbours among the open requests. */
  previous: RequestRecord | undefined = undefined
  next: RequestRecord | undefined = undefined

  // The response.
  /** Whether the head was sent before any of the body. */
  isHeadFlushed = false
  /** The status of the head that was written; the response's own may be changed afterwards. */
  headStatus: number | undefined = undefined
  /** The status of an answer that was written without the response. */
  writtenStatus: number | undefined = undefined
  /** The bytes of the body, those that chunks add to them, and the number of pieces that it was written in. */
  bodyBytes = 0
  framingBytes = 0
  pieces = 0
  /** Whether a piece is being written: `end` hands its own to `write` over HTTP/2 and in injected responses. */
  isWriting = false
  /** Whether the connection did not take a piece at once. */
  wasHeld = false
  /** The bytes that an HTTP/2 stream had not sent when it was destroyed. */
  unsentBytes = 0
  /** Whether the client had gone when the head was written. */
  isUnsent = false

  // How it ends.
  /** Whether a route was looked for. */
  isRouted = false
  /** Whether the whole response was handed to the operating system. */
  isSent = false
  /** Whether the server broke the response off. */
  isBroken = false
  /** Whether the server gave up waiting for the rest of the request. */
  hasTimedOut = false
  /** Whether the server answered because its handler took too long. */
  handlerTimedOut = false
  /** Whether the server refused it: it can't be parsed, or nothing listens for it. */
  isRefused = false
  /** Whether its connection was handed over, as Upgrade and CONNECT ask for. */
  isHandedOver = false
  /** Whether the client was the first to close such a connection. */
  clientClosedFirst = false
  /** Why the server ended it. */
  endError: unknown = undefined
  /** What was thrown, in order: the last counts, those before it are what error handlers failed on. */
  thrown: unknown[] | undefined = undefined
  added: AddedFields | undefined = undefined

  // The calls to other services.
  callCount = 0
  callsFailed = 0
  #callsOpen = 0
  /** When the first of the open calls began, on a monotonic clock. */
  #callsSince = 0
  #callsMs = 0

  // Known from the completion on.
  /** Whether the completion was written. */
  closed = false
  status: number | undefined = undefined
  outcome: Outcome = 'completed'
  closedAt = 0
  durationMs: number | undefined = undefined
  slow = false
  responseBytes: number | undefined = undefined
  failure: Partial<Failure> | undefined = undefined
  callCost: CallCost | undefined = undefined
  /** How long after that the handler answered. */
  lateMs: number | undefined = undefined

  constructor(keeper: RecordKeeper, logger: RequestLogger, socket: Partial<Socket>, clock: Clock) {
    this.keeper = keeper
    this.logger = logger
    this.socket = socket
    this.time = clock.now()
    this.startedAt = clock.elapsed()
  }

  add(fields: object): void {
    if (!this.closed || !isRecord(fields)) {
      this.added ??= new AddedFields()
      this.added.add(fields, this.keeper.reserved, this.keeper.redactor)
    } else if (this.outcome !== 'aborted') {
      for (const key of keysOf(fields, 100)) warnLate(`add(${showValue(key)})`, key, this.outcome)
    }
  }

  fail(error: unknown): void {
    // What comes after a client has left is told of by a line of its own.
    const isLost = this.closed && (this.outcome !== 'aborted' || this.lateMs !== undefined)
    if (isLost) warnLate(`fail(${showValue(error)})`, '', this.outcome)
    else this.threw(error)
  }

  threw(thrown: unknown): void {
    if (this.thrown === undefined) this.thrown = [thrown]
    else if (!this.thrown.includes(thrown)) this.thrown = [...this.thrown.slice(1 - MAX_ERRORS), thrown]
  }

  /** Whether a value of the events was cut. */
  get truncated(): boolean {
    return this.pathCut || this.added?.cut === true
  }

  /** Takes another logger that the app gave to the request, if it is one. */
  useLogger(logger: RequestLogger): void {
    const { info } = Object(logger) as Partial<RequestLogger>
    if (logger === this.logger || typeof info !== 'function') return
    this.logger = logger
    this.bindsId = bindsId(logger, this.requestId)
  }

  /** Notes that a call began, at a time in milliseconds on a monotonic clock. */
  beginCall(now: number): void {
    this.callCount++
    if (this.#callsOpen++ === 0) this.#callsSince = now
  }

  endCall(now: number): void {
    if (--this.#callsOpen === 0) this.#callsMs += now - this.#callsSince
  }

  /** What the calls have cost by now, those under way included. */
  callCostBy(now: number): CallCost | undefined {
    if (this.callCount === 0) return undefined
    const running = this.#callsOpen > 0 ? now - this.#callsSince : 0
    return { count: this.callCount, total_ms: roundMs(this.#callsMs + running), failed: this.callsFailed }
  }

  /** What an app sees that logs the record. */
  toJSON(): object {
    return { request_id: this.requestId, method: this.method, path: this.path, route: this.route }
  }

  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return this.toJSON()
  }
}
