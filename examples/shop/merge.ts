/** The fields of a service's line that are used here. */
export interface Line {
  readonly timestamp: string
  readonly level: string
  readonly service?: string
  readonly event?: string
  readonly request_id?: string
  readonly message: string
}

/** How long to wait for further lines of a request that has ended everywhere, in milliseconds. */
const QUIET_MS = 200

/** Collects the lines of several services by request, and reports each request that has ended in all of them. */
export class Merge {
  readonly #requests = new Map<string, Line[]>()
  readonly #over: (id: string, lines: readonly Line[]) => void

  constructor(over: (id: string, lines: readonly Line[]) => void) {
    this.#over = over
  }

  add(line: Line): void {
    const { request_id: id } = line
    if (id === undefined) return
    const lines = this.#requests.get(id) ?? []
    this.#requests.set(id, lines)
    lines.push(line)
    if (!isOver(lines)) return
    const { length } = lines
    setTimeout(() => {
      if (lines.length > length) return
      this.#requests.delete(id)
      // Lines of the same time keep their order.
      this.#over(
        id,
        lines.toSorted((a, b) => a.timestamp.localeCompare(b.timestamp)),
      )
    }, QUIET_MS).unref()
  }
}

function isOver(lines: readonly Line[]): boolean {
  const count = (event: string): number => lines.filter((line) => line.event === event).length
  return count('request.completed') > 0 && count('request.started') === count('request.completed')
}
