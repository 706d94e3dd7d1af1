import { systemClock } from '../../src/clock.js'
import { Tracker } from '../../src/http/exchange.js'
import type { Options, RawRequest, RequestLogger } from '../../src/options.js'
import type { EventLog } from '../../src/output/events.js'
import { parseEventOptions } from '../../src/read-options.js'
import { RequestRecord } from '../../src/request/record.js'

/** What is known of a request when it starts. */
export type Arrival = Pick<
  RequestRecord,
  | 'requestId'
  | 'idRejected'
  | 'clientRequestId'
  | 'method'
  | 'path'
  | 'pathCut'
  | 'protocol'
  | 'trace'
  | 'route'
  | 'captured'
>

export const NO_ARRIVAL: Arrival = {
  requestId: 'abc',
  idRejected: undefined,
  clientRequestId: undefined,
  method: 'GET',
  path: '/users/42',
  pathCut: false,
  protocol: '1.1',
  trace: undefined,
  route: '/users/:id',
  captured: [],
}

/** What follows requests that no server has had, with clocks of its own. */
export function trackerTo(events: EventLog, options: Options = {}, clock = systemClock): Tracker {
  return new Tracker(parseEventOptions(options), events, () => ({}) as RequestLogger, false, clock)
}

/** A request of which the whole body has been sent, and that has not ended. */
export function startRecord(
  tracker: Tracker,
  arrival: Arrival,
  bytes = 0,
  clock = systemClock,
): RequestRecord {
  const record = new RequestRecord(tracker, {} as RequestLogger, {}, clock)
  const { trace, ...known } = arrival
  Object.assign(record, known, {
    raw: {} as RawRequest,
    bindsId: true,
    bodyBytes: bytes,
    pieces: 1,
    isSent: true,
  })
  tracker.open(record)
  const headers = trace && { traceparent: `00-${trace.traceId}-${trace.spanId}-${trace.flags}` }
  tracker.start(record, { headers: headers ?? {}, ip: '', host: '', originalUrl: '' })
  return record
}
