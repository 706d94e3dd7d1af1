// The one file that touches what Express does not document. Seen in router 2.3.0, which Express 5 uses, and in
// Express 4.22.

const MATCHED = 'router.tracing.matchedRoute'

/**
 * The key under which a router leaves the pattern that it matched last on a request, for its tracing channel; absent
 * in Express 4 and before router 2.3. Subscribing to that channel costs every handler several allocations.
 */
export function matchedKey(request: object): symbol | undefined {
  return Object.getOwnPropertySymbols(request).find(({ description }) => description === MATCHED)
}

/** Whether an error is that of a router which could not decode the URL, so that no route got it. */
export function isUndecodable(error: unknown): boolean {
  return error instanceof URIError && (error as { status?: unknown }).status === 400
}
