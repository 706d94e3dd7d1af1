import type { IncomingHttpHeaders } from 'node:http'
import type { Completion, RequestView, ResponseView } from '../policies.js'
import type { Level } from '../vocabulary.js'
import { sentHeaders } from './head-internals.js'
import type { RequestRecord } from './record.js'
import { pathOf } from './url.js'

/** Creates the view of a request. */
export function viewOf(record: RequestRecord): RequestView {
  return withHeaders(partsOf(record), record)
}

/**
 * Creates the view of an ended request.
 * @param level the level of its completion so far
 */
export function completionOf(record: RequestRecord, level: Level): Completion {
  const { status, durationMs, outcome, slow } = record
  const error = record.thrown?.at(-1)
  return withHeaders({ ...partsOf(record), status, durationMs, outcome, slow, error, level }, record)
}

function partsOf(record: RequestRecord): Omit<RequestView, 'headers'> {
  const { requestId, method, route, raw, target, keeper } = record
  return { id: requestId, method, path: raw && pathOf(target, keeper.semicolon), route }
}

/** Adds a copy of the headers, which is made only when it is asked for. */
function withHeaders<T extends object>(
  view: T,
  { raw }: RequestRecord,
): Readonly<T> & Pick<RequestView, 'headers'> {
  return Object.freeze(
    Object.defineProperty(view as T & Pick<RequestView, 'headers'>, 'headers', {
      get: (): Readonly<IncomingHttpHeaders> => ({ ...raw?.headers }),
      enumerable: true,
    }),
  )
}

/** The head of a response as it was sent. */
export function responseOf(record: RequestRecord): ResponseView {
  const { status, stream, headStatus, writtenStatus, isUnsent } = record
  const head = stream === undefined ? !isUnsent && headStatus : stream.sentHeaders?.[':status']
  const isSent = typeof head === 'number' || writtenStatus !== undefined
  return { status: isSent ? status : undefined, headers: sentHeaders(record) }
}
