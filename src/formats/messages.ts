import type { RequestRecord } from '../request/record.js'

/** What is told of a request that can't be parsed. */
export const UNPARSED = 'unparsed request'

/** The message of a start event: the story as a person reads it in a raw line. */
export function startMessage(entry: RequestRecord): string {
  return entry.method === undefined ? UNPARSED : `${entry.method} ${entry.path}`
}

/** The message of a completion event; an ending other than `completed` is named. */
export function completionMessage(entry: RequestRecord): string {
  const status = entry.status === undefined ? '' : ` ${entry.status}`
  const duration = entry.durationMs === undefined ? '' : ` ${entry.durationMs}ms`
  const story = startMessage(entry) + status + duration
  return entry.outcome === 'completed' ? story : `${story} ${entry.outcome}`
}
