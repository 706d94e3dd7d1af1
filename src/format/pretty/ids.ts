import { cutText } from '../../text.js'

const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i
const SHORT = 8
const MAX_SHOWN = 24
/** How many ids are remembered, to tell whether two of them look the same. */
const MAX_RECENT = 200
/** How many open requests may have a colour: those that never complete give theirs back some time. */
const MAX_OPEN = 64

/** Remembers which ids were shown: how each is written, and its colour while its request is open. */
export class Ids {
  readonly #colors: number
  /** The ids of the last requests by their short form; empty where several have it, which are shown whole. */
  readonly #recent = new Map<string, string>()
  readonly #open = new Map<string, number>()
  readonly #closed = new Map<string, true>()
  #next = 0
  /** The id of the row before. */
  last = ''

  constructor(colors: number) {
    this.#colors = colors
  }

  /** An id as it is shown: the end of a UUID, the beginning of what is very long; all of it if another looks the same. */
  show(id: string): string {
    const short = shorten(id)
    if (short === id) return id
    const known = this.#recent.get(short) ?? id
    // It counts as the latest.
    this.#recent.delete(short)
    this.#recent.set(short, known === id ? id : '')
    if (this.#recent.size > MAX_RECENT) deleteFirst(this.#recent)
    return known === id ? short : id
  }

  /** The colour of a request that begins, as a number. */
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

  /** The colour of a request that has a log line; none when it is over. */
  colorOf(id: string): number | undefined {
    return this.#closed.has(id) ? undefined : this.open(id)
  }

  /** Frees the colour of a request that is over; undefined if it had none. */
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
