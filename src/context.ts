import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { setHidden } from './http/hidden.js'
import { headersOf, type Propagation } from './outgoing/headers.js'
import type { RequestEntry } from './request/current.js'
import type { Entry } from './request/record.js'

/** What code that a request runs knows of it. */
export interface RequestContext {
  readonly entry: Entry
  /** Absent where nothing goes along with calls. */
  readonly propagation: Propagation | undefined
  /** The headers as the client sent them, names and values in turn; absent where a framework made the request up. */
  readonly rawHeaders: readonly string[] | undefined
}

const storage = new AsyncLocalStorage<RequestContext>()

/** The id of the request that the calling code runs for; `undefined` outside of any. */
export function requestId(): string | undefined {
  return storage.getStore()?.entry.requestId
}

/**
 * The record of the request that the calling code runs for; `undefined` outside of any.
 *
 * @example
 * currentRequest()?.add({ cache: 'hit' })
 */
export function currentRequest(): RequestEntry | undefined {
  return storage.getStore()?.entry
}

/**
 * The headers that go along with calls, for what is not HTTP: messages of queues, metadata of gRPC, clients of WebSockets.
 * Empty outside of any request, and where `propagate` is false. Whom they go to is the caller's to decide.
 */
export function propagationHeaders(): Record<string, string> {
  const { entry, propagation } = storage.getStore() ?? {}
  return entry === undefined || propagation === undefined ? {} : headersOf(entry, propagation)
}

/** What is known of the request that the calling code runs for. */
export function currentContext(): RequestContext | undefined {
  return storage.getStore()
}

/** What handles a request from here on. */
export interface Exchange {
  readonly request: EventEmitter & { readonly rawHeaders?: readonly string[] }
  readonly response: EventEmitter
}

/**
 * Runs what handles a request, so that it and all that it starts knows the request by {@link currentRequest}; also what
 * listens to its body and its response, whose events come from the connection.
 */
export function runWithin(
  context: RequestContext,
  { request, response }: Exchange,
  handle: () => void,
): void {
  bind(request, context)
  bind(response, context)
  storage.run(context, handle)
}

const CONTEXT = Symbol('waybill.context')

const EMIT = Symbol('waybill.emit')

/** An emitter whose listeners know a request, with its method as it was if it had one of its own. */
type Bound = EventEmitter & { [CONTEXT]?: RequestContext; [EMIT]?: EventEmitter['emit'] }

const { emit: plainEmit } = EventEmitter.prototype

function bind(emitter: Bound, context: RequestContext): void {
  const isBound = emitter[CONTEXT] !== undefined
  // One app may hand a request to another, which then has it.
  if (isBound) emitter[CONTEXT] = context
  else setHidden(emitter, CONTEXT, context)
  if (isBound) return
  if (emitter.emit !== plainEmit) setHidden(emitter, EMIT, emitter.emit)
  setHidden(emitter, 'emit', emitWithin)
}

/** Most events come while nobody listens for them, or the request is known: then nothing is to be done. */
function emitWithin(this: Bound, event: string | symbol, ...args: unknown[]): boolean {
  const { [CONTEXT]: context, [EMIT]: emit = plainEmit } = this
  if (context !== undefined && this.listenerCount(event) > 0 && storage.getStore() !== context)
    return storage.run(context, () => emit.call(this, event, ...args))
  return args.length === 0 ? emit.call(this, event) : emit.call(this, event, ...args)
}
