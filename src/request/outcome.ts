import type { Level, Outcome } from '../vocabulary.js'

/** The status of a request whose client left before any header was sent (nginx's number, not in any RFC). */
const CLIENT_CLOSED_REQUEST = 499
/** The status of a request that a timeout ended before any header was sent (RFC 9110, section 15.5.9). */
const REQUEST_TIMEOUT = 408

/** The status of an upgraded request (RFC 9110, section 15.2.2). */
const SWITCHING_PROTOCOLS = 101

/** How a request ended, and with which status; undefined when no header was sent. */
export interface Ending {
  readonly outcome: Outcome
  readonly status: number | undefined
}

/** What was noted of a request until its response closed. */
export interface Signs {
  /** The status that was sent, if any was. */
  readonly status: number | undefined
  /** The whole response was handed to the operating system. */
  readonly finished: boolean
  /** The client left: FIN, RST or RST_STREAM. */
  readonly left: boolean
  /** A server timeout ended it. */
  readonly timedOut: boolean
  /** The server refused it: it can't be parsed, or nothing listens for what it asks. */
  readonly refused: boolean
  /** It reached a route or the not-found handler. */
  readonly routed: boolean
  /** The server was closing. */
  readonly closing: boolean
  /** Its connection no longer speaks HTTP. */
  readonly upgraded: boolean
}

/** Derives the ending of a request from its signs. */
export function endingOf(signs: Signs): Ending {
  const { status, finished, left, timedOut, refused, routed, closing, upgraded } = signs
  if (upgraded) return { outcome: 'upgraded', status }
  if (timedOut) return { outcome: 'timeout', status: status ?? REQUEST_TIMEOUT }
  if (finished) return { outcome: routed || (status ?? 0) < 400 ? 'completed' : 'rejected', status }
  if (left) return { outcome: 'aborted', status: status ?? CLIENT_CLOSED_REQUEST }
  if (refused) return { outcome: 'rejected', status }
  return { outcome: closing ? 'unfinished' : 'destroyed', status }
}

/**
 * Whether an answer accepts an Upgrade or CONNECT: 101, and for CONNECT any 2xx (RFC 9110, section 9.3.6).
 */
export function isAccepted(method: string | undefined, status: number | undefined): boolean {
  if (status === undefined) return false
  return status === SWITCHING_PROTOCOLS || (method === 'CONNECT' && status >= 200 && status < 300)
}

/** The outcomes of requests that the service itself broke off. */
const BROKEN_OFF: ReadonlySet<Outcome> = new Set(['destroyed', 'unfinished'])

/** Whether a request is an error of the service: answered with 500 or above, or broken off with an error. */
export function isServerError(status: number | undefined, outcome: Outcome, hasError: boolean): boolean {
  if (BROKEN_OFF.has(outcome) && hasError) return true
  return outcome !== 'aborted' && status !== undefined && status >= 500
}

/**
 * The default level: `error` for an error of the service, `warn` for any other 4xx, `info` for the rest and for aborted
 * requests; slow ones are at least `warn`.
 */
export function completionLevelOf(
  status: number | undefined,
  outcome: Outcome,
  slow: boolean,
  hasError = false,
): Level {
  if (isServerError(status, outcome, hasError)) return 'error'
  if (outcome !== 'aborted' && status !== undefined && status >= 400) return 'warn'
  return slow ? 'warn' : 'info'
}

const ANSWERED: ReadonlySet<Outcome> = new Set(['completed', 'rejected', 'upgraded'])

/** Whether a request failed: it was not answered, or with 500 or above. */
export function hasFailed(outcome: Outcome, status = 0): boolean {
  return status >= 500 || !ANSWERED.has(outcome)
}

/** Whether a response has a body (RFC 9110, section 6.4.1); Node.js drops what is written to others. */
export function hasBody(method: string | undefined, status: number | undefined): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304
}
