import type { Level, Outcome } from '../vocabulary.js'

/** The status of a request whose client left before any header was sent (nginx's number, not in any RFC). */
const CLIENT_CLOSED_REQUEST = 499
/** The status of a request that a timeout ended before any header was sent (RFC 9110, section 15.5.9). */
const REQUEST_TIMEOUT = 408

/** The status of a request whose connection became another thing (RFC 9110, section 15.2.2). */
const SWITCHING_PROTOCOLS = 101

/** How a request ended and with which status, which is unknown when no header was sent. */
export interface Ending {
  readonly outcome: Outcome
  readonly status: number | undefined
}

/** What was seen of a request until its response closed. */
export interface Signs {
  /** The status that was sent, if any was. */
  readonly status: number | undefined
  /** The whole response was handed to the operating system. */
  readonly finished: boolean
  /** Its client went away: by FIN, by RST, by RST_STREAM. */
  readonly left: boolean
  /** A timeout of the server's ended it. */
  readonly timedOut: boolean
  /** The server refused it: it can't be parsed, or asks for something that nothing listens for. */
  readonly refused: boolean
  /** A route, or the handler of those for which there is none, had it. */
  readonly routed: boolean
  /** The server was closing. */
  readonly closing: boolean
  /** Its connection became another thing. */
  readonly upgraded: boolean
}

/** Reads the ending of a request off what was seen of it. */
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
 * Whether an answer to Upgrade or CONNECT makes the connection another thing: 101, and for CONNECT any 2xx
 * (RFC 9110, section 9.3.6).
 */
export function isAccepted(method: string | undefined, status: number | undefined): boolean {
  if (status === undefined) return false
  return status === SWITCHING_PROTOCOLS || (method === 'CONNECT' && status >= 200 && status < 300)
}

/** The level of a completion: 5xx `error`, other 4xx `warn`, the rest and every aborted request `info`. */
export function completionLevelOf(status: number | undefined, outcome: Outcome, slow: boolean): Level {
  if (outcome !== 'aborted' && status !== undefined) {
    if (status >= 500) return 'error'
    if (status >= 400) return 'warn'
  }
  return slow ? 'warn' : 'info'
}

const ANSWERED: ReadonlySet<Outcome> = new Set(['completed', 'rejected', 'upgraded'])

/** Whether a request failed, rather than was answered with anything below 500. */
export function hasFailed(outcome: Outcome, status = 0): boolean {
  return status >= 500 || !ANSWERED.has(outcome)
}

/** Whether a response has a body at all (RFC 9110, section 6.4.1); Node.js drops what is written into others. */
export function hasBody(method: string | undefined, status: number | undefined): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304
}
