import { type Exchange, runWithin } from './context.js'
import { followCalls, followFetches } from './outgoing/follow.js'
import { createPropagation, type Propagation, type PropagationSettings } from './outgoing/headers.js'
import type { Entry } from './request/record.js'

/** Has what an app's requests run know them, and the calls that it makes followed. */
export class RequestScope {
  readonly #propagation: Propagation | undefined
  /** Ends it. */
  readonly close: () => void

  /** @param propagation undefined where nothing goes along with calls */
  constructor(propagation: PropagationSettings | undefined) {
    this.#propagation = propagation && createPropagation(propagation)
    this.close = followCalls()
  }

  run(entry: Entry, exchange: Exchange, handle: () => void): void {
    followFetches()
    const { rawHeaders } = exchange.request
    runWithin({ entry, propagation: this.#propagation, rawHeaders }, exchange, handle)
  }
}
