import type { Clock } from '../clock.js'

/** The options of a sample, complete. */
export interface SampleRules {
  /** The part of requests that is kept, from 0 to 1. */
  readonly rate: number
  /** How many requests of each route are kept in a minute, whatever the rate. */
  readonly perRoute: number
}

const MINUTE = 60_000
/** Routes are patterns, of which an app has few; more are counted as one. */
const MAX_ROUTES = 10_000

/** Decides which requests of an app are kept. */
export class Sampler {
  readonly rate: number
  readonly #perRoute: number
  readonly #clock: Clock
  #minute = Number.NaN
  /** How many requests of each route were kept in this minute. */
  readonly #kept = new Map<string, number>()

  constructor({ rate, perRoute }: SampleRules, clock: Clock) {
    this.rate = rate
    this.#perRoute = perRoute
    this.#clock = clock
  }

  /** Whether a request is among the first of its route in this minute; each call counts one. */
  isFirst(route: string | undefined): boolean {
    const minute = Math.floor(this.#clock.elapsed() / MINUTE)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#kept.clear()
    }
    // A request without a route has the name of none.
    const name = route === undefined || (this.#kept.size >= MAX_ROUTES && !this.#kept.has(route)) ? '' : route
    const kept = this.#kept.get(name) ?? 0
    if (kept >= this.#perRoute) return false
    this.#kept.set(name, kept + 1)
    return true
  }

  /** Whether the requests with an id are kept, in each service that has the same rate or a higher one. */
  keeps(id: string): boolean {
    return hash(id) < this.rate * 2 ** 32
  }
}

const OFFSET = 0x811c9dc5
const PRIME = 0x01000193

/**
 * A number from 0 to 2^32 - 1 for an id: FNV-1a of 32 bits (RFC 9923), then the last steps of MurmurHash3, without which
 * ids that differ in their end alone would lie close together.
 */
export function hash(id: string): number {
  let bits = OFFSET
  for (let at = 0; at < id.length; at++) bits = Math.imul(bits ^ id.charCodeAt(at), PRIME)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
