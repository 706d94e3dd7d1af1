import { showValue, warnLate } from '../errors.js'
import type { Outcome } from '../vocabulary.js'
import type { CallCost, Calls } from './calls.js'
import type { Failure } from './error.js'
import { AddedFields, isRecord, keysOf } from './fields.js'
import type { IdRejection } from './id.js'
import { bindsId, type RequestLogger } from './logger.js'
import type { TraceContext } from './trace.js'

/** What is known of a request when it starts. */
export interface Arrival {
  readonly requestId: string
  readonly idRejected: IdRejection | undefined
  readonly clientRequestId: string | undefined
  /** Absent, as the path is, of a request that can't be parsed. */
  readonly method: string | undefined
  readonly path: string | undefined
  /** The version of HTTP: `1.1`, `2.0`. */
  readonly protocol: string | undefined
  readonly trace: TraceContext | undefined
  /** Whether the path is only the beginning of what was asked for. */
  readonly pathCut: boolean
  readonly route: string | undefined
  /** The details that were asked for by name, in the order of the option. */
  readonly captured: readonly (string | undefined)[]
}

/** When a request arrived, on both clocks. */
export interface Start {
  /** Milliseconds since the Unix epoch. */
  readonly time: number
  /** Milliseconds on a monotonic clock. */
  readonly elapsed: number
}

/** The record of one request from start to completion. */
export class Entry implements Arrival {
  readonly requestId: string
  readonly idRejected: IdRejection | undefined
  readonly clientRequestId: string | undefined
  readonly method: string | undefined
  readonly path: string | undefined
  readonly protocol: string | undefined
  readonly trace: TraceContext | undefined
  readonly pathCut: boolean
  /** Known from the start on, or from the completion, as the framework looks for it. */
  route: string | undefined
  readonly captured: readonly (string | undefined)[]

  /** The logger of the request: its level decides whether an event is written. */
  logger: RequestLogger
  /** Whether that logger puts the id on its lines by itself. */
  bindsId: boolean
  /** Milliseconds on a monotonic clock. */
  readonly startedAt: number
  /** When the latest event happened, in milliseconds since the Unix epoch. */
  time: number
  /** The id and the path as they stand between the quotes of JSON, once a format has written them. */
  idText: string | undefined
  pathText: string | undefined
  added: AddedFields | undefined
  /** What was thrown, in order: the last counts, those before it are what error handlers failed on. */
  thrown: unknown[] | undefined
  /** Its calls to other services, as far as they are followed. */
  calls: Calls | undefined

  /** Whether it has no lines unless it fails. */
  quiet = false
  /** Whether its completion has been written. */
  closed = false

  // Known from the completion on.
  status: number | undefined
  /** Milliseconds on a monotonic clock. */
  closedAt = 0
  durationMs: number | undefined
  outcome: Outcome = 'completed'
  responseBytes: number | undefined
  slow = false
  /** How long after it had closed its handler answered. */
  lateMs: number | undefined
  failure: Failure | undefined
  callCost: CallCost | undefined

  readonly #reserved: ReadonlySet<string>

  constructor(
    arrival: Arrival,
    logger: RequestLogger,
    bindsId: boolean,
    start: Start,
    reserved: ReadonlySet<string>,
  ) {
    this.requestId = arrival.requestId
    this.idRejected = arrival.idRejected
    this.clientRequestId = arrival.clientRequestId
    this.method = arrival.method
    this.path = arrival.path
    this.protocol = arrival.protocol
    this.trace = arrival.trace
    this.pathCut = arrival.pathCut
    this.route = arrival.route
    this.captured = arrival.captured
    this.logger = logger
    this.bindsId = bindsId
    this.startedAt = start.elapsed
    this.time = start.time
    this.#reserved = reserved
  }

  /** Adds fields to the completion line; those that come after it are lost with a process warning. */
  add(fields: object): void {
    if (this.closed && isRecord(fields)) {
      for (const key of keysOf(fields)) warnLate(`add(${showValue(key)})`, key, this.outcome)
      return
    }
    this.added ??= new AddedFields()
    this.added.add(fields, this.#reserved)
  }

  /** Whether a value of the events was cut. */
  get truncated(): boolean {
    return this.pathCut || this.added?.cut === true
  }

  useLogger(logger: RequestLogger): void {
    // An app may have put something else in its place.
    if (logger === this.logger || typeof (logger as Partial<RequestLogger> | undefined)?.info !== 'function')
      return
    this.logger = logger
    this.bindsId = bindsId(logger, this.requestId)
  }

  /** Takes an error that a handler tells of; one that no line can carry any more is lost with a process warning. */
  fail(error: unknown): void {
    // What comes after a client has left is told of by a line of its own.
    const isLost = this.closed && (this.outcome !== 'aborted' || this.lateMs !== undefined)
    if (isLost) warnLate(`fail(${showValue(error)})`, '', this.outcome)
    else this.threw(error)
  }

  /** Remembers what was thrown while the request was handled. */
  threw(thrown: unknown): void {
    if (this.thrown === undefined) this.thrown = [thrown]
    else if (!this.thrown.includes(thrown)) this.thrown.push(thrown)
  }
}
