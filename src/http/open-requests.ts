import { clearTimeout, setTimeout } from '../clock.js'
import type { RequestRecord } from '../request/record.js'
import { safely } from '../safely.js'

/** The longest delay of a start that isn't quiet, in milliseconds. */
const HELD_MS = 1000
/**
 * The shortest wait of the timer before it checks all open requests again: in milliseconds, and as a part of the age at which
 * something is due, so that what is due early is not late.
 */
const SPACING_MS = 100
const SPACING_PART = 0.1
/** The longest timeout of Node.js, in milliseconds. */
const MAX_TIMEOUT = 2 ** 31 - 1

/** The open requests of an app, oldest first, as a linked list. */
export class OpenRequests {
  first: RequestRecord | undefined = undefined
  #last: RequestRecord | undefined = undefined
  /** The one timer of all, and when it is due. */
  #timer: NodeJS.Timeout | undefined = undefined
  #dueAt = Number.POSITIVE_INFINITY
  readonly #elapsed: () => number
  readonly #runningAfterMs: number

  /**
   * @param elapsed the monotonic clock of the records, in milliseconds
   * @param runningAfterMs how long a request runs before a `request.running` line; infinite: there are none
   */
  constructor(elapsed: () => number, runningAfterMs: number) {
    this.#elapsed = elapsed
    this.#runningAfterMs = runningAfterMs
  }

  add(record: RequestRecord): void {
    record.isOpen = true
    record.previous = this.#last
    if (this.#last === undefined) this.first = record
    else this.#last.next = record
    this.#last = record
  }

  remove(record: RequestRecord): void {
    const { previous, next } = record
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    record.isOpen = false
    record.previous = undefined
    record.next = undefined
  }

  /** Schedules the lines of an open request: a start that was held back, and `request.running`. */
  watch(record: RequestRecord): void {
    if (record.raw !== undefined && this.#runningAfterMs < Number.POSITIVE_INFINITY)
      record.runningDueAt = record.startedAt + this.#runningAfterMs
    if (!record.startHeld && record.runningDueAt === Number.POSITIVE_INFINITY) return
    const due = dueAt(record)
    if (due < this.#dueAt) this.#setTimer(due, due - this.#elapsed())
  }

  #setTimer(due: number, left: number): void {
    clearTimeout(this.#timer)
    this.#dueAt = due
    // The timer must not keep the process alive.
    this.#timer = setTimeout(
      () => safely(() => this.#writeDue()),
      Math.max(1, Math.min(left, MAX_TIMEOUT)),
    ).unref()
  }

  #writeDue(): void {
    const now = this.#elapsed()
    // Node.js counts from the beginning of the turn in which a timer was set, so that it may come early.
    if (now < this.#dueAt) {
      this.#setTimer(this.#dueAt, this.#dueAt - now)
      return
    }
    this.#dueAt = Number.POSITIVE_INFINITY
    let next = Number.POSITIVE_INFINITY
    let spacing = SPACING_MS
    for (let record = this.first; record !== undefined; record = record.next) {
      const { keeper } = record
      if (isWaiting(record) && record.startedAt + HELD_MS <= now) keeper.writeHeldStart(record)
      if (record.runningDueAt <= now) keeper.writeRunning(record)
      const due = dueAt(record)
      next = Math.min(next, due)
      spacing = Math.min(spacing, (due - record.startedAt) * SPACING_PART)
    }
    if (next < Number.POSITIVE_INFINITY) this.#setTimer(next, Math.max(spacing, next - now))
  }
}

/** When the next line of an open request is due, on the monotonic clock. */
function dueAt(record: RequestRecord): number {
  const { startedAt, runningDueAt } = record
  return isWaiting(record) ? Math.min(startedAt + HELD_MS, runningDueAt) : runningDueAt
}

function isWaiting({ startHeld, isQuiet }: RequestRecord): boolean {
  return startHeld && !isQuiet
}
