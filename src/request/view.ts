import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { RawRequest } from '../options.js'
import type { Completion, RequestView, ResponseView } from '../policies.js'
import type { Level, Outcome } from '../vocabulary.js'
import { sentHeaders } from './head-internals.js'
import type { RequestRecord } from './record.js'
import { pathOf } from './url.js'

// Classes, because V8 takes many times as long to define a getter on each object. Headers are copied when they are first read.

/** A request as the functions among the options see it. */
class ViewedRequest implements RequestView {
  readonly id: string
  readonly method: string | undefined
  readonly path: string | undefined
  readonly route: string | undefined
  readonly #raw: RawRequest | undefined
  #headers: Readonly<IncomingHttpHeaders> | undefined

  constructor({ requestId, method, route, raw, target, keeper }: RequestRecord) {
    this.id = requestId
    this.method = method
    this.path = raw && pathOf(target, keeper.semicolon)
    this.route = route
    this.#raw = raw
  }

  get headers(): Readonly<IncomingHttpHeaders> {
    // A test that compares views may read the getter of the prototype.
    if (!(#headers in this)) return {}
    this.#headers ??= Object.freeze({ ...this.#raw?.headers })
    return this.#headers
  }
}

class ViewedCompletion extends ViewedRequest implements Completion {
  readonly status: number | undefined
  readonly durationMs: number | undefined
  readonly outcome: Outcome
  readonly slow: boolean
  readonly error: unknown
  readonly level: Level

  constructor(record: RequestRecord, level: Level) {
    super(record)
    this.status = record.status
    this.durationMs = record.durationMs
    this.outcome = record.outcome
    this.slow = record.slow
    this.error = record.thrown?.at(-1)
    this.level = level
  }
}

/** The head of a response as it was sent. */
class ViewedResponse implements ResponseView {
  readonly status: number | undefined
  readonly #record: RequestRecord
  #headers: Readonly<OutgoingHttpHeaders> | undefined

  constructor(record: RequestRecord) {
    const { stream, headStatus, writtenStatus, isUnsent } = record
    const head = stream === undefined ? !isUnsent && headStatus : stream.sentHeaders?.[':status']
    const isSent = typeof head === 'number' || writtenStatus !== undefined
    this.status = isSent ? record.status : undefined
    this.#record = record
  }

  get headers(): Readonly<OutgoingHttpHeaders> {
    if (!(#headers in this)) return {}
    this.#headers ??= Object.freeze(sentHeaders(this.#record))
    return this.#headers
  }
}

/** Creates the view of a request. */
export function viewOf(record: RequestRecord): RequestView {
  return Object.freeze(new ViewedRequest(record))
}

/**
 * Creates the view of an ended request.
 * @param level the level of its completion so far
 */
export function completionOf(record: RequestRecord, level: Level): Completion {
  return Object.freeze(new ViewedCompletion(record, level))
}

/** Creates the view of its response. */
export function responseOf(record: RequestRecord): ResponseView {
  return Object.freeze(new ViewedResponse(record))
}
