import { cutText } from '../../text.js'

const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i
const SHORT = 8
const MAX_SHOWN = 24
/** How many ids are remembered to find those that look the same. */
const MAX_RECENT = 200
/** At most this many open requests keep a colour; the oldest loses it, because it may never complete. */
const MAX_OPEN = 64

/** Remembers shown ids: how each is written, and its colour while its request is open. */
export class Ids {
  readonly #colors: number
  /** The latest ids by their short form; empty if several share it, because these are shown whole. */
  readonly #recent = new Map<string, string>()
  readonly #open = new Map<string, number>()
  readonly #closed = new Map<string, true>()
  #next = 0
  /** The id of the last row. */
  last = ''

  constructor(colors: number) {
    this.#colors = colors
  }

  /** Shortens an id to the end of a UUID or the start of another long id, unless a recent one looks the same. */
  show(id: string): string {
    const short = shorten(id)
    if (short === id) return id
    const known = this.#recent.get(short) ?? id
    // It is the latest now.
    this.#recent.delete(short)
    this.#recent.set(short, known === id ? id : '')
    if (this.#recent.size > MAX_RECENT) deleteFirst(this.#recent)
    return known === id ? short : id
  }

  /** Picks the colour of a new request, as a number. */
  open(id: string): number {
    this.#closed.delete(id)
    const known = this.#open.get(id)
    if (known !== undefined) return known
    const taken = new Set(this.#open.values())
    let color = this.#next
    for (let tries = 0; taken.has(color) && tries < this.#colors; tries++) color = (color + 1) % this.#colors
    this.#next = (color + 1) % this.#colors
    this.#open.set(id, color)
    if (this.#open.size > MAX_OPEN) deleteFirst(this.#open)
    return color
  }

  /** The colour of a request's log line; none after its end. */
  colorOf(id: string): number | undefined {
    return this.#closed.has(id) ? undefined : this.open(id)
  }

  /** Frees the colour of an ended request; undefined if it had none. */
  close(id: string): number | undefined {
    const color = this.#open.get(id)
    this.#open.delete(id)
    this.#closed.set(id, true)
    if (this.#closed.size > MAX_RECENT) deleteFirst(this.#closed)
    return color
  }
}

function shorten(id: string): string {
  if (UUID.test(id)) return id.slice(-SHORT)
  return id.length <= MAX_SHOWN ? id : `${cutText(id, MAX_SHOWN - 1)}…`
}

function deleteFirst(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key)
    return
  }
}
