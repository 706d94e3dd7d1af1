import { setTimeout } from '../clock.js'
import type { RequestRecord } from '../request/record.js'
import { safely } from '../safely.js'

/** How long a start is held back at most, in milliseconds. */
const HELD_MS = 1000

/** The open requests of an app, oldest first, as a linked list. */
export class OpenRequests {
  first: RequestRecord | undefined = undefined
  #last: RequestRecord | undefined = undefined
  #isTimed = false

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

  /**
   * Writes each held-back start once its request has been open for a second, with one timer for all.
   * @param elapsed the monotonic clock of the records, in milliseconds
   */
  writeStartsLate(elapsed: () => number): void {
    if (this.#isTimed) return
    let next = this.first
    while (next !== undefined && !isWaiting(next)) next = next.next
    if (next === undefined) return
    this.#isTimed = true
    const left = next.startedAt + HELD_MS - elapsed()
    // The timer must not keep the process alive.
    setTimeout(() => safely(() => this.#writeLate(elapsed)), Math.max(1, left)).unref()
  }

  #writeLate(elapsed: () => number): void {
    this.#isTimed = false
    const due = elapsed() - HELD_MS
    for (let record = this.first; record !== undefined; record = record.next)
      if (isWaiting(record) && record.startedAt <= due) record.keeper.writeHeldStart(record)
    this.writeStartsLate(elapsed)
  }
}

function isWaiting({ startHeld, isQuiet }: RequestRecord): boolean {
  return startHeld && !isQuiet
}
