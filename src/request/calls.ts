import { roundMs } from '../clock.js'

/** The cost of a request's calls: overlaps count once in `total_ms`; a call without a whole response below 500 has failed. */
export type CallCost = Readonly<Record<'count' | 'total_ms' | 'failed' | 'open', number>>

/** The calls of a request to other services; times are milliseconds on a monotonic clock. */
export class Calls {
  count = 0
  failed = 0
  #open = 0
  /** When the current overlap began. */
  #since = 0
  #ms = 0

  begin(now: number): void {
    this.count++
    if (this.#open++ === 0) this.#since = now
  }

  end(now: number): void {
    if (--this.#open === 0) this.#ms += now - this.#since
  }

  /** Returns the cost so far, including open calls. */
  costBy(now: number): CallCost {
    const running = this.#open > 0 ? now - this.#since : 0
    return { count: this.count, total_ms: roundMs(this.#ms + running), failed: this.failed, open: this.#open }
  }
}
