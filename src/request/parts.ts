import type { RequestLogger } from '../options.js'

/** A framework's own request, which holds the logger that the app may have replaced. */
export interface FrameworkRequest {
  /** As the framework has parsed it. */
  readonly body?: unknown
  readonly log: RequestLogger
  /**
   * Returns the route that answered, in frameworks that look for it only after the start.
   * @param failed whether its handlers threw
   */
  matched?(status: number | undefined, failed: boolean): string | undefined
}

/** What calls to other services carry, and to which hosts. */
export interface Propagation {
  /** The name of the header for the id, in lower case. */
  readonly header: string
  readonly reaches: (host: string) => boolean
}

/** Log lines of a request that are held back. */
export interface HeldLogLines {
  /** Writes them, and all later ones at once. */
  flush(): void
  discard(): void
}
