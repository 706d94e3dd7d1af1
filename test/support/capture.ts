import type { Destination } from '../../src/options.js'

/** A line as its reader sees it. */
export type Line = Record<string, unknown>

type Kind = 'started' | 'completed'

/** A destination that keeps its lines, for one test. */
export class Capture implements Destination {
  readonly raw: string[] = []
  #waiting: { enough: () => boolean; resolve: () => void } | undefined

  write(line: string): void {
    this.raw.push(line)
    if (this.#waiting?.enough()) {
      this.#waiting.resolve()
      this.#waiting = undefined
    }
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
    await this.#until(() => this.lines.some(matches))
    return this.lines.find(matches) ?? {}
  }

  async #wait(kind: Kind, count: number): Promise<Line[]> {
    await this.#until(() => this.events(kind).length >= count)
    return this.events(kind)
  }

  async #until(enough: () => boolean): Promise<void> {
    if (enough()) return
    await new Promise<void>((resolve) => {
      this.#waiting = { enough, resolve }
    })
  }
}
