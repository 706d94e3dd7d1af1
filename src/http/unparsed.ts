import type { Socket } from 'node:net'
import { safely } from '../safely.js'
import type { Outcome } from '../vocabulary.js'
import { Connection } from './connection.js'
import { hasLeft } from './departure.js'
import { watchStatus } from './status-line.js'
import type { Visits } from './visits.js'

/** What the parser of Node.js calls its errors. */
const PARSE_ERROR = 'HPE_'
const REQUEST_TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT'

/** What Node.js calls a client error: also a network that fails and a TLS handshake, which are no request. */
type ClientError = NodeJS.ErrnoException

/** Accounts for a request of which a server could not parse the head, or the rest. */
export function refuseUnparsed(visits: Visits, error: ClientError, socket: Socket): void {
  const { code = '' } = error
  const timedOut = code === REQUEST_TIMEOUT
  if (!timedOut && !code.startsWith(PARSE_ERROR)) return
  const connection = Connection.of(socket)
  // A connection that was opened and never used is no request.
  if (connection.failed || socket.bytesRead === 0) return
  connection.failed = true

  const { last } = connection
  if (last === undefined || last.raw.complete) {
    enterUnparsed(visits, error, socket, timedOut ? 'timeout' : 'rejected')
    return
  }
  // The rest of a request that has been answered already.
  if (!last.listed) return
  last.timedOut = timedOut
  last.refused = last.status === undefined
  if (!hasLeft(last)) last.error = error
  watchStatus(socket, (status) => {
    last.writtenStatus = status
  })
}

/** Enters what was no request yet, with the status that it is answered, if it is. */
function enterUnparsed(visits: Visits, error: ClientError, socket: Socket, outcome: Outcome): void {
  const close = visits.enterUnparsed(error, socket.remoteAddress)
  watchStatus(socket, (status) => close({ outcome, status }))
  socket.once('close', () => safely(() => close({ outcome, status: undefined })))
}
