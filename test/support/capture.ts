import type { Destination } from '../../src/options.js'

/** A line as its reader sees it. */
export type Line = Record<string, unknown>

type Kind = 'started' | 'completed'

/** A destination that keeps its lines, for one test. */
export class Capture implements Destination {
  readonly raw: string[] = []
  #waiting: { matches: (line: Line) => boolean; missing: number; resolve: () => void } | undefined

  write(line: string): void {
    this.raw.push(line)
    const waiting = this.#waiting
    if (waiting === undefined || !waiting.matches(JSON.parse(line) as Line)) return
    if (--waiting.missing > 0) return
    this.#waiting = undefined
    waiting.resolve()
  }

  get lines(): Line[] {
    return this.raw.map((line) => JSON.parse(line) as Line)
  }

  /** The lines that are events of one kind. */
  events(kind: Kind): Line[] {
    return this.lines.filter(({ event }) => event === `request.${kind}`)
  }

  /** Waits until so many requests have started. */
  starts(count: number): Promise<Line[]> {
    return this.#wait('started', count)
  }

  /** Waits until so many requests have completed. */
  completions(count: number): Promise<Line[]> {
    return this.#wait('completed', count)
  }

  /** Waits for a line. */
  async until(matches: (line: Line) => boolean): Promise<Line> {
    await this.#until(matches, 1)
    return this.lines.find(matches) ?? {}
  }

  async #wait(kind: Kind, count: number): Promise<Line[]> {
    await this.#until(({ event }) => event === `request.${kind}`, count)
    return this.events(kind)
  }

  async #until(matches: (line: Line) => boolean, count: number): Promise<void> {
    const missing = count - this.lines.filter(matches).length
    if (missing <= 0) return
    await new Promise<void>((resolve) => {
      this.#waiting = { matches, missing, resolve }
    })
  }
}
