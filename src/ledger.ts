import { type Clock, roundMs } from './clock.js'
import { showValue, warnOnce } from './errors.js'
import type { EventLog } from './output/events.js'
import { describeError, type Failure } from './request/error.js'
import type { RequestLogger } from './request/logger.js'
import type { Ending } from './request/outcome.js'
import { completionLevelOf } from './request/outcome.js'
import { type Arrival, Entry, type Start } from './request/record.js'
import type { EventSettings } from './settings.js'
import { isLevel, type Level, type Outcome } from './vocabulary.js'

const ANSWERED: ReadonlySet<Outcome> = new Set(['completed', 'rejected', 'upgraded'])

/** The one place where entries are opened and closed: each has one start and exactly one completion. */
export class Ledger {
  readonly #settings: EventSettings
  readonly #reserved: ReadonlySet<string>
  readonly #events: EventLog
  readonly #clock: Clock

  constructor(settings: EventSettings, reserved: ReadonlySet<string>, events: EventLog, clock: Clock) {
    this.#settings = settings
    this.#reserved = reserved
    this.#events = events
    this.#clock = clock
  }

  /** The start of a request that arrives now. */
  now(): Start {
    return { time: this.#clock.now(), elapsed: this.#clock.elapsed() }
  }

  /**
   * Opens the entry of a request and writes its start.
   * @param quiet whether the request has no lines unless it fails: its start is held back until then
   */
  open(arrival: Arrival, logger: RequestLogger, bindsId: boolean, start = this.now(), quiet = false): Entry {
    const entry = new Entry(arrival, logger, bindsId, start, this.#reserved)
    entry.quiet = quiet
    if (!quiet) this.#writeStart(entry)
    return entry
  }

  /**
   * Closes an entry and writes its completion; a second call does nothing.
   * @param responseBytes what of a body was sent, where that is known
   */
  close(entry: Entry, ending: Ending, responseBytes: number | undefined): void {
    if (entry.closed) return
    entry.closed = true
    const isLogged = !entry.quiet || hasFailed(ending)
    if (entry.quiet && isLogged) this.#writeStart(entry)
    const { slowMs } = this.#settings
    entry.closedAt = this.#clock.elapsed()
    entry.time = this.#clock.now()
    // When a request began that could not be parsed is not known.
    if (entry.method !== undefined) {
      const elapsed = entry.closedAt - entry.startedAt
      entry.durationMs = roundMs(elapsed)
      // A connection that became another thing is meant to last.
      entry.slow = elapsed >= slowMs && ending.outcome !== 'upgraded'
    }
    entry.status = ending.status
    entry.outcome = ending.outcome
    entry.responseBytes = hasBody(entry.method, entry.status) ? responseBytes : 0
    entry.callCost = entry.calls?.costBy(entry.closedAt)
    entry.failure = failureOf(entry)
    if (isLogged) this.#write('completed', entry, this.#levelOf(entry))
  }

  /** Says how long after its client had left a request was answered. */
  late(entry: Entry): void {
    entry.lateMs = roundMs(this.#clock.elapsed() - entry.closedAt)
    this.#write('late', entry, 'debug')
  }

  #writeStart(entry: Entry): void {
    const { startLevel } = this.#settings
    if (startLevel !== undefined) this.#write('started', entry, startLevel)
  }

  /** Writes an event; a logger or a destination that throws costs the event, not the request. */
  #write(event: keyof EventLog, entry: Entry, level: Level): void {
    try {
      this.#events[event](entry, level)
    } catch (error) {
      warnOnce(
        'WAYBILL_WARN_EVENT_LOST',
        '',
        `an event is lost, what it was written to threw ${showValue(error)}`,
      )
    }
  }

  #levelOf(entry: Entry): Level {
    const level = completionLevelOf(entry.status, entry.outcome, entry.slow)
    const { completionLevel } = this.#settings
    if (completionLevel === undefined) return level
    let decided: unknown
    try {
      const { method, path, route, status, durationMs, outcome, slow } = entry
      const error = entry.thrown?.at(-1)
      decided = completionLevel({ method, path, route, status, durationMs, outcome, slow, error, level })
      if (isLevel(decided)) return decided
    } catch (error) {
      decided = error
    }
    const message = `completionLevel must return a level, got ${showValue(decided)}; the default was used`
    warnOnce('WAYBILL_WARN_OPTION_RESULT', 'completionLevel', message)
    return level
  }
}

/** Whether a request failed, rather than was answered with anything below 500. */
function hasFailed({ outcome, status = 0 }: Ending): boolean {
  return status >= 500 || !ANSWERED.has(outcome)
}

/** What a failed request failed of; an error that a handler turned into a good answer is none. */
function failureOf({ thrown, status, outcome }: Entry): Failure | undefined {
  if (thrown === undefined || (outcome === 'completed' && (status ?? 0) < 400)) return undefined
  return describeError(thrown.at(-1), (status ?? 0) >= 500, thrown.slice(0, -1).reverse())
}

/** Whether a response has a body at all (RFC 9110, section 6.4.1); Node.js drops what is written into others. */
function hasBody(method: string | undefined, status: number | undefined): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304
}
