import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Clock } from '../clock.js'
import { showValue, warnLate } from '../errors.js'
import type { CurrentRequest, RawRequest, RequestLogger } from '../options.js'
import { attempt, keysOf } from '../safely.js'
import type { Outcome } from '../vocabulary.js'
import { type BoundText, bindFields } from './bind.js'
import type { CallCost, Calls } from './calls.js'
import { type Failure, MAX_ERRORS } from './error.js'
import { AddedFields, isRecord } from './fields.js'
import type { IdRejection } from './id.js'
import type { FrameworkRequest, HeldLogLines, Propagation } from './parts.js'
import type { Redactor } from './redact.js'
import type { TraceContext } from './trace.js'

/** Whether every line of a logger carries an id as `request_id`; a logger without `bindings()` does not. */
export function bindsId(logger: RequestLogger, id: string): boolean {
  return attempt(() => logger.bindings?.().request_id === id, false)
}

/** The log of one app, which keeps the records of its requests. */
export interface RecordKeeper {
  /** The field names that handlers can't use. */
  readonly reserved: ReadonlySet<string>
  /** Decides which fields are redacted. */
  readonly redactor: Redactor
  /** The response header that carries the id; undefined if none does. */
  readonly idHeader: { readonly name: string; readonly lowered: string } | undefined
  /** Whether a query may begin with `;` too. */
  readonly semicolon: boolean
  /** Whether the times of heads are noted. */
  readonly timesHeads: boolean
  /** Undefined if calls carry nothing. */
  readonly propagation: Propagation | undefined
  end(record: RequestRecord): void
  /** Binds the latest fields to the logger of a request; returns whether its completion has them by that. */
  bind(record: RequestRecord, latest: AddedFields): boolean
  /** Writes a held-back start, before the first log line or when the request takes long; not of a quiet request. */
  writeHeldStart(record: RequestRecord): void
  /** Writes how long a request has been running. */
  writeRunning(record: RequestRecord): void
  /** Writes the line about an answer after the client had left. */
  late(record: RequestRecord): void
}

const NOTHING_CAPTURED: readonly undefined[] = []

/**
 * Everything known about one request, from arrival to completion. Each fact is noted when it happens. All fields are set
 * here in one order, so that V8 gives all records one shape.
 */
export class RequestRecord implements CurrentRequest {
  readonly keeper: RecordKeeper

  // Known at arrival.
  requestId = ''
  idRejected: IdRejection | undefined = undefined
  clientRequestId: string | undefined = undefined
  /** Absent, like the path, if the request can't be parsed. */
  method: string | undefined = undefined
  path: string | undefined = undefined
  /** Whether the path was cut. */
  pathCut = false
  /** The request target as it arrived; routers and apps may rewrite `url`. */
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
  /** When to write next how long the request has been running, on the monotonic clock. */
  runningDueAt = Number.POSITIVE_INFINITY
  trace: TraceContext | undefined = undefined
  /** The ids by which Datadog's tracer correlates lines. */
  tracerIds: object | undefined = undefined
  /** The pattern that matched; known from the start or from the completion, depending on the framework. */
  route: string | undefined = undefined
  /** The details that were asked for by name, in the order of the option. */
  captured: readonly (string | number | undefined)[] = NOTHING_CAPTURED
  framework: FrameworkRequest | undefined = undefined
  /** The logger of the request: its level decides whether an event is written. */
  logger: RequestLogger
  /** Whether that logger itself puts the id on its lines. */
  bindsId = false
  /** Whether code that runs during the request can reach its context. */
  inContext = false

  // The connection, kept here because others may detach it: undici sets `request.socket` to null.
  raw: RawRequest | undefined = undefined
  /** Absent for Upgrade and CONNECT, for which Node.js creates none. */
  response: ServerResponse | undefined = undefined
  socket: Partial<Socket>
  /** The HTTP/2 stream that carries the request. */
  stream: ServerHttp2Stream | undefined = undefined
  /** The record of another app that handed the request on. */
  outer: RequestRecord | undefined = undefined
  /** The open pipelined requests of its connection, if it is one of them. */
  waiting: Set<RequestRecord> | undefined = undefined
  /** Whether its response has the turn: pipelined responses wait for earlier ones. */
  hasTurn = true
  isOpen = false
  /** Its neighbours among the open requests. */
  previous: RequestRecord | undefined = undefined
  next: RequestRecord | undefined = undefined

  /** The bytes of the body that the service has read; undefined where they are not counted. */
  requestBytes: number | undefined = undefined

  // The response.
  /** When its head was sent, on the monotonic clock; undefined where that is not asked for. */
  headAt: number | undefined = undefined
  /** Whether the head was sent before any of the body. */
  isHeadFlushed = false
  /** The status of the head that was written; the response's own may be changed afterwards. */
  headStatus: number | undefined = undefined
  /** The status of an answer that was written without the response. */
  writtenStatus: number | undefined = undefined
  /** The bytes of the body, the bytes of its chunk framing, and the number of its writes. */
  bodyBytes = 0
  framingBytes = 0
  pieces = 0
  /** Whether a write is running: over HTTP/2 and in injected responses, `end()` calls `write()`. */
  isWriting = false
  /** Whether a write was buffered. */
  wasBuffered = false
  /** The bytes that an HTTP/2 stream had not sent when it was destroyed. */
  unsentBytes = 0
  /** Whether nothing of the response was sent, although its head was written. */
  isUnsent = false

  // How it ends.
  /** Whether a router looked for its route. */
  isRouted = false
  /** Whether the whole response was handed to the operating system. */
  isSent = false
  /** Whether the server broke the response off. */
  isBroken = false
  /** Whether the server gave up waiting for the rest of the request. */
  hasTimedOut = false
  /** Whether the server gave up waiting for its handler. */
  handlerTimedOut = false
  /** Whether the server refused it: it can't be parsed, or nothing listens for it. */
  isRefused = false
  /** Whether its connection was handed over, as Upgrade and CONNECT ask for. */
  isHandedOver = false
  /** Whether the client was the first to close such a connection. */
  clientClosedFirst = false
  /** The error with which the server ended it. */
  endError: unknown = undefined
  /** What was thrown, in order: the last one counts; the earlier ones are those that error handlers failed on. */
  thrown: unknown[] | undefined = undefined
  added: AddedFields | undefined = undefined
  /** What is on all of its lines; and how an own logger of the app has it among its bindings. */
  bound: AddedFields | undefined = undefined
  /** Its log lines that are written only if something is wrong with it. */
  held: HeldLogLines | undefined = undefined
  /** Whether something is wrong with it; known at the completion. */
  isWrong = false
  bindings: BoundText | undefined = undefined

  // The calls to other services.
  calls: Calls | undefined = undefined

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
    if (this.closed && isRecord(fields)) {
      this.refuse('add', fields)
      return
    }
    this.added ??= new AddedFields()
    this.added.add(fields, this.keeper.reserved, this.keeper.redactor)
  }

  /** Warns of fields that come after the completion. */
  refuse(call: 'add' | 'bind', fields: object): void {
    if (this.outcome === 'aborted') return
    for (const key of keysOf(fields, 100)) warnLate(`${call}(${showValue(key)})`, key, this.outcome)
  }

  bind(fields: object): void {
    bindFields(this, fields)
  }

  flush(): void {
    this.held?.flush()
  }

  fail(error: unknown): void {
    // The first error after the client left goes into the line about the late answer.
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

  /** Adopts the logger that the app has given to the request, if it is one. */
  useLogger(logger: RequestLogger): void {
    const { info } = Object(logger) as Partial<RequestLogger>
    if (logger === this.logger || typeof info !== 'function') return
    this.logger = logger
    this.bindsId = bindsId(logger, this.requestId)
  }

  /** What an app sees when it logs the record. */
  toJSON(): object {
    return { request_id: this.requestId, method: this.method, path: this.path, route: this.route }
  }

  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return this.toJSON()
  }
}
