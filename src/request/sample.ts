import type { Clock } from '../clock.js'

/** The complete options of a sample. */
export interface SampleRules {
  /** The proportion to keep, from 0 to 1. */
  readonly rate: number
  /** How many requests of each route to keep per minute, whatever the rate. */
  readonly perRoute: number
}

const MINUTE = 60_000
/** An app has few routes, because they are patterns; more count as one. */
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

  /** Whether a request is among the first of its route in this minute; counts it if so. */
  isFirst(route: string | undefined): boolean {
    const minute = Math.floor(this.#clock.elapsed() / MINUTE)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#kept.clear()
    }
    // Requests without a route share one count.
    const name = route === undefined || (this.#kept.size >= MAX_ROUTES && !this.#kept.has(route)) ? '' : route
    const kept = this.#kept.get(name) ?? 0
    if (kept >= this.#perRoute) return false
    this.#kept.set(name, kept + 1)
    return true
  }

  /** Whether requests with an id are kept, as in every service with the same or a higher rate. */
  keeps(id: string): boolean {
    return hash(id) < this.rate * 2 ** 32
  }
}

const OFFSET = 0x811c9dc5
const PRIME = 0x01000193

/**
 * Hashes an id to a number from 0 to 2^32 - 1: 32-bit FNV-1a (RFC 9923), then the finalizer of MurmurHash3, because ids
 * that differ only at the end would otherwise be close together.
 */
export function hash(id: string): number {
  let bits = OFFSET
  for (let at = 0; at < id.length; at++) bits = Math.imul(bits ^ id.charCodeAt(at), PRIME)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
