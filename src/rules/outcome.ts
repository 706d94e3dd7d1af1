import type { Outcome } from '../vocabulary.js'

/** What a response shows of itself once it has closed. */
export interface ClosedResponse {
  readonly headersSent: boolean
  readonly statusCode: number
  /** HTTP/2 only: the stream that carried it. */
  readonly stream?: { readonly aborted: boolean; readonly rstCode?: number | undefined } | undefined
}

/** The status of a request whose client left before any header was sent (nginx's number, not in any RFC). */
const CLIENT_CLOSED_REQUEST = 499

/** What a request shows once its connection is another thing (RFC 9110, section 15.2.2). */
const SWITCHING_PROTOCOLS = 101
/** The status of a request that a timeout ended before any header was sent (RFC 9110, section 15.5.9). */
const REQUEST_TIMEOUT = 408

/** How a request ended and with which status, which is unknown when the process ends before any header was sent. */
export interface Ending {
  readonly outcome: Outcome
  readonly status: number | undefined
}

/** What was seen of a response before it closed. */
export interface Signs {
  /** It emitted `finish`; `writableFinished` stays false for injected requests. */
  readonly finished: boolean
  /** The server itself broke it off. */
  readonly broken: boolean
  /** A timeout of the server's ended it. */
  readonly timedOut: boolean
  /** Its connection was handed over to another protocol. */
  readonly upgraded: boolean
}

/** Reads the ending off a closed response. */
export function endingOf(response: ClosedResponse, { finished, broken, timedOut, upgraded }: Signs): Ending {
  const { stream, headersSent, statusCode } = response
  if (upgraded) return { outcome: 'upgraded', status: headersSent ? statusCode : SWITCHING_PROTOCOLS }
  if (timedOut) return { outcome: 'timeout', status: headersSent ? statusCode : REQUEST_TIMEOUT }
  // A reset HTTP/2 stream emits `finish` as if all had been delivered (Node.js 20 to 26).
  const reset = stream !== undefined && (stream.aborted || (stream.rstCode ?? 0) !== 0)
  if (finished && !reset) return { outcome: 'completed', status: statusCode }
  const status = headersSent ? statusCode : CLIENT_CLOSED_REQUEST
  return { outcome: broken ? 'destroyed' : 'aborted', status }
}

/** The ending of a request that is open when the process ends. */
export function unfinishedEnding({ headersSent, statusCode }: ClosedResponse): Ending {
  return { outcome: 'unfinished', status: headersSent ? statusCode : undefined }
}
