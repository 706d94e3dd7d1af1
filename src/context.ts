import { AsyncLocalStorage } from 'node:async_hooks'
import type { CurrentRequest } from './options.js'
import { headersOf } from './outgoing/headers.js'
import type { RequestRecord } from './request/record.js'

const storage = new AsyncLocalStorage<RequestRecord>()

/** Returns the id of the current request; `undefined` outside of requests. */
export function requestId(): string | undefined {
  return storage.getStore()?.requestId
}

/**
 * Returns the current request, to add fields and errors to it; `undefined` outside of requests.
 *
 * @example
 * currentRequest()?.add({ cache: 'hit' })
 */
export function currentRequest(): CurrentRequest | undefined {
  return storage.getStore()
}

/**
 * Returns the headers that waybill adds to calls, for other transports: queue messages, gRPC metadata, WebSocket clients.
 * They are empty outside of requests and with `propagate: false`. The caller decides which hosts get them.
 */
export function propagationHeaders(): Record<string, string> {
  const record = storage.getStore()
  const propagation = record?.keeper.propagation
  return record === undefined || propagation === undefined ? {} : headersOf(record, propagation)
}

/** Returns the record of the current request. */
export function currentRecord(): RequestRecord | undefined {
  return storage.getStore()
}

/** Runs code, and everything that it starts, within the context of a request. */
export function runWithin<Result>(record: RequestRecord, run: () => Result): Result {
  return storage.run(record, run)
}
