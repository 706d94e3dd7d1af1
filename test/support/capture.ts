import type { Destination } from '../../src/options.js'

/** A line as its reader sees it. */
export type Line = Record<string, unknown>

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
  events(kind: 'started' | 'completed'): Line[] {
    return this.lines.filter(({ event }) => event === `request.${kind}`)
  }

  /** Waits until so many requests have completed. */
  async completions(count: number): Promise<Line[]> {
    const enough = (): boolean => this.events('completed').length >= count
    if (!enough()) {
      await new Promise<void>((resolve) => {
        this.#waiting = { enough, resolve }
      })
    }
    return this.events('completed')
  }
}
