import { AsyncLocalStorage } from 'node:async_hooks'
import type { CurrentRequest } from './options.js'
import { headersOf } from './outgoing/headers.js'
import type { RequestRecord } from './request/record.js'

const storage = new AsyncLocalStorage<RequestRecord>()

/** The id of the request that the calling code runs for; `undefined` outside of any. */
export function requestId(): string | undefined {
  return storage.getStore()?.requestId
}

/**
 * The request that the calling code runs for; `undefined` outside of any.
 *
 * @example
 * currentRequest()?.add({ cache: 'hit' })
 */
export function currentRequest(): CurrentRequest | undefined {
  return storage.getStore()
}

/**
 * The headers that go along with calls, for what is not HTTP: messages of queues, metadata of gRPC, clients of WebSockets.
 * Empty outside of any request, and where `propagate` is false. Which hosts they go to is the caller's to decide.
 */
export function propagationHeaders(): Record<string, string> {
  const record = storage.getStore()
  const propagation = record?.keeper.propagation
  return record === undefined || propagation === undefined ? {} : headersOf(record, propagation)
}

/** The record of the request that the calling code runs for. */
export function currentRecord(): RequestRecord | undefined {
  return storage.getStore()
}

/** Runs code, and all that it starts, for a request: {@link currentRequest} finds it there. */
export function runWithin<Result>(record: RequestRecord, run: () => Result): Result {
  return storage.run(record, run)
}
