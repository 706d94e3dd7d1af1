import { roundMs } from '../clock.js'

/** What the calls of a request to other services cost it. */
export interface CallCost {
  readonly count: number
  /** How long at least one of them was under way, in milliseconds: those that overlap count once. */
  readonly total_ms: number
  /** How many had no answer, half of one, or one with a status of 500 and above. */
  readonly failed: number
}

/** The calls of one request. */
export class Calls {
  #count = 0
  #failed = 0
  #open = 0
  /** Since when at least one is under way, in milliseconds on a monotonic clock. */
  #since = 0
  #totalMs = 0

  begin(now: number): void {
    this.#count++
    if (this.#open++ === 0) this.#since = now
  }

  /** Counts one of them as failed, which may be under way yet. */
  fail(): void {
    this.#failed++
  }

  end(now: number): void {
    if (--this.#open === 0) this.#totalMs += now - this.#since
  }

  /** What they have cost by now; those under way count up to it. */
  costBy(now: number): CallCost {
    const running = this.#open > 0 ? now - this.#since : 0
    return { count: this.#count, total_ms: roundMs(this.#totalMs + running), failed: this.#failed }
  }
}
