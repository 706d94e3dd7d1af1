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

function partsOf({ requestId, method, route, raw, target }: RequestRecord): Omit<RequestView, 'headers'> {
  return { id: requestId, method, path: raw && pathOf(target), route }
}

/** Adds the headers as a getter, which copies them only when read. */
function withHeaders<T extends object>(view: T, { raw }: RequestRecord): T & Pick<RequestView, 'headers'> {
  return Object.defineProperty(view as T & Pick<RequestView, 'headers'>, 'headers', {
    get: (): Readonly<IncomingHttpHeaders> => ({ ...raw?.headers }),
    enumerable: true,
  })
}

/** Creates the view of a sent response. */
export function responseOf({ response, headStatus, status }: RequestRecord): ResponseView {
  return { status, headers: response === undefined || headStatus === undefined ? {} : sentHeaders(response) }
}
