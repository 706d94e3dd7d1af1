import type { Outcome } from '../../src/vocabulary.js'
import type { Sent } from './plan.js'

/**
 * What becomes of a request by intent. Each but `raced` leaves one truth only: its client waits for a sign of the
 * server's before it does what decides the end.
 */
export type Fate =
  /** The client reads the whole answer. */
  | 'answered'
  /** As answered, before any route runs, by Fastify or by Node.js itself. */
  | 'rejected'
  /** As answered, by what was to take the connection over. */
  | 'not upgraded'
  /** As answered, by Fastify when a handler takes too long. */
  | 'timed out'
  /** The client leaves before any of the answer is sent: the handler waits for just that, or the server for the rest of the request. */
  | 'left before'
  /** As left before, but it closes its half only, and reads the 400 with which the server refuses half a request. */
  | 'half-closed'
  /** As half-closed, but it closes the whole, which the server can't know: whether it sees the 400 is not known. */
  | 'closed within'
  /** The server closes the connection after its answer to an earlier request. */
  | 'closed upon'
  /** The client leaves during an answer that does not end. */
  | 'left during'
  /** The server breaks its answer off while the client reads it. */
  | 'broken off'
  /** The server destroys the response before any of it is sent. */
  | 'unanswered'
  /** The server destroys the response to a HEAD after its head, which may go with it: Node.js does not tell. */
  | 'cut behind its head'
  /** The connection becomes a WebSocket. */
  | 'upgraded'
  /** The client leaves at any moment: between the last byte for the system and the first for the client. */
  | 'raced'
  /** As raced, and perhaps before the server has read the request at all. */
  | 'perhaps unsent'

/** The outcomes that tell the truth. The racy kinds are those with two. */
const OUTCOMES: Readonly<Record<Fate, readonly Outcome[]>> = {
  answered: ['completed'],
  rejected: ['rejected'],
  'not upgraded': ['rejected', 'completed'],
  'timed out': ['timeout'],
  'left before': ['aborted'],
  'half-closed': ['aborted', 'rejected'],
  'closed within': ['aborted'],
  'closed upon': ['aborted', 'destroyed'],
  'left during': ['aborted'],
  'broken off': ['destroyed'],
  unanswered: ['destroyed'],
  'cut behind its head': ['completed', 'destroyed'],
  upgraded: ['upgraded'],
  raced: ['completed', 'aborted'],
  'perhaps unsent': ['completed', 'aborted'],
}

/** Fates that the client has read to the end of the answer, unless the test itself is wrong. */
const WHOLE: ReadonlySet<Fate> = new Set(['answered', 'rejected', 'not upgraded', 'timed out'])

/** The outcomes that the log may tell of a request, its client having seen what it saw. */
export function truthfulOutcomes({ fate, seen }: Sent): readonly Outcome[] {
  if (fate === 'cut behind its head' && seen.status !== undefined) return ['completed']
  // Whoever has the whole answer was not left without it.
  if (seen.whole && OUTCOMES[fate].includes('aborted') && OUTCOMES[fate].includes('completed'))
    return ['completed']
  return OUTCOMES[fate]
}

/** The statuses that the log may tell; undefined when any is true. */
export function truthfulStatuses({ fate, seen }: Sent): readonly (number | undefined)[] | undefined {
  if (fate === 'upgraded') return [101]
  if (fate === 'left before') return [seen.status ?? 499]
  if (fate === 'closed within') return [400, 499]
  if (fate === 'unanswered') return [undefined]
  return seen.status === undefined ? undefined : [seen.status]
}

/** Whether the log must count the bytes that the client read: not if they passed by the response that Node.js has. */
export function areBytesTrue({ fate, seen }: Sent, bytes: number): boolean {
  if (fate === 'half-closed' || fate === 'not upgraded' || fate === 'upgraded') return true
  return seen.whole ? bytes === seen.bytes : bytes >= seen.bytes
}

/** Whether a request may be missing from the log: only if the server need not have read it. */
export function mayBeMissing({ fate, seen }: Sent): boolean {
  return (fate === 'perhaps unsent' || fate === 'closed upon') && seen.status === undefined
}

/** Whether the client saw what it was meant to see. */
export function wentAsPlanned({ fate, seen }: Sent): boolean {
  return !WHOLE.has(fate) || seen.whole
}
