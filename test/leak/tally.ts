const ID = /"request_id":"([^"]+)"/
const OUTCOME = /"outcome":"([a-z]+)"/

/** Counts the events of a log as they come, holding no more than the ids of the requests that are open. */
export class Tally {
  started = 0
  readonly outcomes: Record<string, number> = {}
  /** Events out of their order, and what is no event of a request. */
  readonly strays: string[] = []
  readonly #open = new Set<string>()

  /** How many requests have started and not completed. */
  get open(): number {
    return this.#open.size
  }

  add(line: string): void {
    if (!line.includes('"event":')) return
    const id = ID.exec(line)?.[1] ?? ''
    if (line.includes('"event":"request.started"') && !this.#open.has(id)) {
      this.started++
      this.#open.add(id)
    } else if (line.includes('"event":"request.completed"') && this.#open.delete(id)) {
      const outcome = OUTCOME.exec(line)?.[1] ?? 'none'
      this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1
    } else if (this.strays.length < 10) this.strays.push(line)
  }
}
