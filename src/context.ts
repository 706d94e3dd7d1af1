import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import type { Entry } from './entry.js'
import type { RequestEntry } from './request-entry.js'

const storage = new AsyncLocalStorage<Entry>()

/** The id of the request that the calling code runs for; `undefined` outside of any. */
export function requestId(): string | undefined {
  return storage.getStore()?.requestId
}

/**
 * The record of the request that the calling code runs for; `undefined` outside of any.
 *
 * @example
 * currentRequest()?.add({ cache: 'hit' })
 */
export function currentRequest(): RequestEntry | undefined {
  return storage.getStore()
}

/** The entry of the request that the calling code runs for. */
export function currentEntry(): Entry | undefined {
  return storage.getStore()
}

/** What handles a request from here on. */
interface Exchange {
  readonly request: EventEmitter
  readonly response: EventEmitter
}

/**
 * Runs what handles a request, so that it and all that it starts knows the request by {@link currentRequest}; also what
 * listens to its body and its response, whose events come from the connection.
 */
export function runWithin(entry: Entry, { request, response }: Exchange, handle: () => void): void {
  bind(request, entry)
  bind(response, entry)
  storage.run(entry, handle)
}

function bind(emitter: EventEmitter, entry: Entry): void {
  const { emit } = emitter
  emitter.emit = function boundEmit(this: EventEmitter, ...args: Parameters<typeof emit>) {
    return storage.run(entry, () => emit.apply(this, args))
  }
}
