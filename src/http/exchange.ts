import type { ServerResponse } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Socket } from 'node:net'
import { type Clock, roundMs, systemClock } from '../clock.js'
import { runWithin } from '../context.js'
import { onExit } from '../exit.js'
import { reservedNames } from '../format/fields.js'
import type { RawRequest, RequestLogger } from '../options.js'
import { followCalls, followFetches } from '../outgoing/follow.js'
import { createPropagation } from '../outgoing/headers.js'
import { type EventLog, writeEvent } from '../output/events.js'
import { holdingLogger, settleHeld } from '../output/hold.js'
import type { EventSettings } from '../read-options.js'
import { type CaptureSource, readDetails, sourceOf, targetOf } from '../request/details.js'
import { acceptRequestId, newUuid } from '../request/id.js'
import type { Ending } from '../request/outcome.js'
import type { Propagation } from '../request/parts.js'
import { Policy } from '../request/policy.js'
import { type RecordKeeper, RequestRecord } from '../request/record.js'
import type { Redactor } from '../request/redact.js'
import { readTrace, serverTrace, tracerIds } from '../request/trace.js'
import { showPath } from '../request/url.js'
import { reportFault, safely } from '../safely.js'
import { carryRequest, recordOf, recordOfResponse, uncache, watchRequest } from './carrier.js'
import * as connection from './connection.js'
import { OpenRequests } from './open-requests.js'
import { noteAtEnd, noteFailure, noteFramework, noteProgress, routeSoFar } from './progress.js'
import { type Header, headerNamed, watchResponse } from './response.js'

/** Tracks the requests of one app from arrival to end: each gets one start and exactly one completion. */
export class Tracker implements RecordKeeper {
  readonly reserved = reservedNames()
  readonly redactor: Redactor
  readonly idHeader: Header | undefined
  readonly propagation: Propagation | undefined
  /** Whether the service is closing; requests that it breaks off then are unfinished. */
  isClosing: () => boolean = () => false
  readonly timesHeads: boolean
  readonly policy: Policy
  readonly #settings: EventSettings
  readonly #events: EventLog
  /** The logger of requests that have none of their own. */
  readonly #logger: () => RequestLogger
  readonly semicolon: boolean
  readonly #clock: Clock
  readonly #open: OpenRequests
  readonly #countsBodies: boolean
  /** Whether starts are held back until a request takes long or logs something. */
  readonly #holdsStarts: boolean
  /** Stops tracking calls. */
  readonly close: () => void
  readonly loggerFor = (record: RequestRecord, logger: RequestLogger): RequestLogger =>
    holdingLogger(record, this.policy.leveled(record, logger), this.#settings.hold)
  readonly bind: RecordKeeper['bind'] = (...bound) => this.#events.bind?.(...bound) === true

  /** @param semicolon whether a query may begin with `;` too */
  constructor(
    settings: EventSettings,
    events: EventLog,
    logger: () => RequestLogger,
    semicolon = false,
    clock = systemClock,
  ) {
    this.#settings = settings
    this.policy = new Policy(settings, clock)
    this.redactor = settings.redactor
    this.#holdsStarts = events.holdsStarts === true && settings.holdsStarts
    this.#events = events
    this.#logger = logger
    this.semicolon = semicolon
    this.#clock = clock
    this.#open = new OpenRequests(clock.elapsed, settings.runningAfterMs)
    this.#countsBodies = settings.captures.some(({ key }) => key === 'request_bytes')
    this.timesHeads = settings.captures.some(({ key }) => key === 'first_byte_ms')
    this.idHeader = settings.responseHeader === undefined ? undefined : headerNamed(settings.responseHeader)
    this.propagation = settings.propagation && createPropagation(settings.propagation)
    this.close = settings.context ? followCalls() : () => {}
    onExit(this)
  }

  /**
   * Returns this app's record of a request, which another app may have handed on.
   * @param response finds the record when the request object was replaced, for example by a `Proxy`
   */
  of(raw: RawRequest, response?: ServerResponse): RequestRecord | undefined {
    let record = recordOf(raw) ?? (response && recordOfResponse(response))
    while (record !== undefined && record.keeper !== this) record = record.outer
    return record
  }

  /** Receives a request before its framework does. */
  receive(raw: RawRequest, response: ServerResponse | undefined, socket?: Partial<Socket>): RequestRecord {
    const record = this.of(raw, response) ?? this.create(raw, socket)
    if (socket !== undefined) record.socket = socket
    this.open(record)
    if (response !== undefined) this.attach(record, response)
    return record
  }

  /** Creates the record of a request whose response is not known yet. */
  create(raw: RawRequest, socket: Partial<Socket> = raw.socket ?? {}): RequestRecord {
    const record = this.#make(socket)
    const { id, rejected, clientId } = acceptRequestId(raw, this.#settings.ids)
    record.outer = recordOf(raw)
    // The client gets one id, whichever app answers.
    record.requestId = record.outer?.requestId ?? id
    record.idRejected = rejected
    record.clientRequestId = clientId
    record.raw = raw
    record.method = raw.method ?? ''
    record.protocol = raw.httpVersion
    if (raw.httpVersionMajor === 2) record.stream = (raw as Http2ServerRequest).stream
    record.target = targetOf(raw)
    showPath(record, this.semicolon)
    if (this.#countsBodies && !raw.readableDidRead) record.requestBytes = 0
    const follow = this.#settings.context || this.#countsBodies ? watchRequest : carryRequest
    follow(raw, record)
    return record
  }

  #make(socket: Partial<Socket>): RequestRecord {
    return new RequestRecord(this, this.#logger(), socket, this.#clock)
  }

  /** Adds a request to the open ones, which end with the process at the latest. */
  open(record: RequestRecord): void {
    if (record.isOpen || record.closed) return
    this.#open.add(record)
    if (record.raw !== undefined) connection.watchConnection(record)
  }

  /** Attaches a response to its request; for an upgrade, a framework creates one later. */
  attach(record: RequestRecord, response: ServerResponse): void {
    record.response = response
    watchResponse(response, record)
    if (record.stream === undefined) connection.watchTurn(record)
  }

  /**
   * Writes the start of a request, once: an upgrade may reach a route after its start.
   * @param source where request details are read from
   */
  start(record: RequestRecord, source: CaptureSource): void {
    if (record.started) return
    record.started = true
    record.trace = serverTrace() ?? readTrace(source.headers)
    record.tracerIds = tracerIds()
    const { captures } = this.#settings
    if (captures.length > 0) record.captured = readDetails(captures, source, this.semicolon)
    if (this.redactor.parameters.size > 0)
      showPath(record, this.semicolon, record.framework?.matched !== undefined)
    record.isQuiet ||= this.policy.keepsOut(record)
    record.startHeld = record.isQuiet || this.#holdsStarts
    if (!record.startHeld) this.#writeStart(record)
    this.#open.watch(record)
  }

  writeHeldStart(record: RequestRecord): void {
    if (record.startHeld && !record.isQuiet) this.#writeStart(record)
  }

  #writeStart(record: RequestRecord): void {
    record.isStartLate = record.startHeld
    record.startHeld = false
    writeEvent(this.#events, 'started', record, this.policy.startLevel(record))
  }

  writeRunning(record: RequestRecord): void {
    const now = this.#clock.elapsed()
    const { route, isHandedOver } = record
    record.runningDueAt = isHandedOver ? Number.POSITIVE_INFINITY : 2 * record.runningDueAt - record.startedAt
    if (isHandedOver) return
    record.route = routeSoFar(record)
    if (record.startHeld) this.#writeStart(record)
    // Its completion is written, too, and counts once.
    record.isQuiet = false
    record.sampling = 'none'
    record.sampleRate = undefined
    noteProgress(record, connection.sentStatusOf(record), now)
    record.time = this.#clock.now()
    writeEvent(this.#events, 'running', record, 'warn')
    record.route = route
  }

  /** Starts a request that reached no route. */
  startUnrouted(record: RequestRecord): void {
    this.start(record, sourceOf(record.raw, record.target, record.socket))
  }

  /** Runs the handler of a request within its context. */
  run(record: RequestRecord, handle: () => void): void {
    safely(followFetches)
    record.inContext = true
    runWithin(record, handle)
  }

  /** Starts a request that can't be parsed: only its error and its socket are known. */
  startUnparsed(error: unknown, socket: Partial<Socket>): RequestRecord {
    const record = this.#make(socket)
    record.requestId = newUuid()
    record.fail(error)
    this.open(record)
    this.startUnrouted(record)
    return record
  }

  /** Ends a request: derives its ending from the noted facts and writes its completion. A second call does nothing. */
  end(record: RequestRecord, ending?: Ending): void {
    if (!record.isOpen) return
    this.#open.remove(record)
    // False if another app on the same server handled it.
    const isOurs = record.started || record.raw === undefined || recordOf(record.raw) === record
    if (isOurs) this.#complete(record, ending ?? connection.endingSeen(record, this.isClosing))
    connection.leaveConnection(record)
    uncache(record)
    record.framework = undefined
  }

  /** Writes the completion; a step that throws costs only the fields it would have set. */
  #complete(record: RequestRecord, { outcome, status }: Ending): void {
    try {
      if (!record.started) this.startUnrouted(record)
      if (record.endError) record.fail(record.endError)
      noteFramework(record, status)
      if (this.redactor.parameters.size > 0) showPath(record, this.semicolon)
    } catch (error) {
      reportFault(error)
    }
    record.closed = true
    record.outcome = outcome
    record.closedAt = this.#clock.elapsed()
    const now = this.#clock.now()
    noteProgress(record, status, record.closedAt)
    // An upgraded connection is meant to last.
    record.slow = outcome !== 'upgraded' && (record.durationMs ?? 0) >= this.#settings.slowMs
    if (record.thrown !== undefined) noteFailure(record)
    const wasQuiet = record.isQuiet
    const level = this.policy.completionLevel(record)
    if (wasQuiet && level !== undefined) this.#writeStart(record)
    if (record.held !== undefined) settleHeld(record.held, record.isWrong)
    if (level !== undefined && this.policy.readsAtEnd) noteAtEnd(record, level, this.policy)
    record.startHeld = false
    record.time = now
    writeEvent(this.#events, 'completed', record, level)
  }

  /** Writes the line about a handler that answered after its client had left. */
  late(record: RequestRecord): void {
    record.lateMs = roundMs(this.#clock.elapsed() - record.closedAt)
    writeEvent(this.#events, 'late', record, 'debug')
  }

  /** Completes all requests that are still open when the process exits. */
  finish(): void {
    for (let record = this.#open.first; record !== undefined; record = this.#open.first) {
      const status = connection.sentStatusOf(record)
      this.end(record, connection.wasSent(record) ? undefined : { outcome: 'unfinished', status })
    }
  }
}
