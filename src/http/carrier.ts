import { EventEmitter } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { Socket } from 'node:net'
import { Duplex, PassThrough, Readable, Stream, Transform, Writable } from 'node:stream'
import { queueMicrotask } from '../clock.js'
import { currentRecord, runWithin } from '../context.js'
import type { RequestRecord } from '../request/record.js'
import { reportFault, safely } from '../safely.js'
import { isNetworkError } from './connection.js'

/** Returns a given object from its constructor, so that a subclass adds its private fields to that object. */
class ReturnOverride {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: the only way to add a private field to another class's object.
    return object
  }
}

/**
 * Adds a record to a Node.js request or response as a private field: enumerating, comparing, copying or printing the
 * object doesn't find it, and it costs far less than a hidden property (`npm run bench:pieces`).
 */
class Carrier extends ReturnOverride {
  #record: RequestRecord

  constructor(object: object, record: RequestRecord) {
    super(object)
    this.#record = record
  }

  // Two functions, because V8 finds a field faster when a function sees few object shapes.
  static ofRequest(object: object): RequestRecord | undefined {
    return #record in object ? object.#record : undefined
  }

  static ofResponse(object: object): RequestRecord | undefined {
    return #record in object ? object.#record : undefined
  }

  static set(object: object, record: RequestRecord): void {
    if (#record in object) object.#record = record
    else new Carrier(object, record)
  }
}

// The latest request and response are cached: most steps of a request follow each other, and a field read is slower.
let latestRequest: object | undefined
let latestResponse: object | undefined
let latestRecord: RequestRecord | undefined

/** Returns the latest record of a Node.js request, of any app. */
export function recordOf(request: object): RequestRecord | undefined {
  return request === latestRequest ? latestRecord : Carrier.ofRequest(request)
}

/** Returns the latest record of a Node.js response, of any app. */
export function recordOfResponse(response: object): RequestRecord | undefined {
  return response === latestResponse ? latestRecord : Carrier.ofResponse(response)
}

/** Sets the record of a request. */
export function carryRequest(request: object, record: RequestRecord): void {
  Carrier.set(request, record)
  latestRequest = request
  latestResponse = undefined
  latestRecord = record
}

/** Sets the record of a response. */
export function carryResponse(response: object, record: RequestRecord): void {
  Carrier.set(response, record)
  if (record === latestRecord) latestResponse = response
  else if (response === latestResponse) latestResponse = undefined
}

/** Drops a completed record from the cache. */
export function uncache(record: RequestRecord): void {
  if (record !== latestRecord) return
  latestRequest = undefined
  latestResponse = undefined
  latestRecord = undefined
}

type Methods = Record<string, unknown>

/** Base classes of far more than requests and responses; their methods are never wrapped. */
const SHARED: ReadonlySet<object> = new Set(
  [Object, EventEmitter, Stream, Readable, Writable, Duplex, Transform, PassThrough].map(
    (each) => each.prototype,
  ),
)

/**
 * Creates the wrapper of a method. An inherited method (`own` is undefined) is looked up at each call, because a tracer
 * may replace it later.
 */
type Wrap = (own: never, parent: never) => unknown

/** The Node.js classes that do the sending, below the classes and patches of other packages. */
const BUILT_IN: ReadonlySet<object> = new Set(
  [IncomingMessage, ServerResponse, Http2ServerRequest, Http2ServerResponse].map((each) => each.prototype),
)

/**
 * Returns a function that wraps methods of an object's class, once for all its objects. With a connection that is the
 * Node.js class, so that the wrappers see what is really sent, after the patches of other packages; without one, as in
 * `inject()`, it is the object's own class.
 */
export function wrapperOf(
  wraps: Readonly<Record<string, Wrap>>,
): (object: object, hasConnection: boolean) => void {
  const seen = new WeakSet<object>()
  return (object, hasConnection) => {
    const prototype = Object.getPrototypeOf(object)
    if (seen.has(prototype)) return
    const holder = holderFor(object, hasConnection)
    if (holder !== object) seen.add(prototype)
    if (seen.has(holder) && holder !== prototype) return
    seen.add(holder)
    for (const [name, wrap] of Object.entries(wraps)) wrapMethod(holder, name, wrap)
  }
}

function wrapMethod(holder: object, name: string, wrap: Wrap): void {
  const parent = Object.getPrototypeOf(holder) as Methods
  if (typeof Reflect.get(holder, name) !== 'function') return
  const descriptor = Object.getOwnPropertyDescriptor(holder, name)
  const { get } = descriptor ?? {}
  const own =
    get === undefined
      ? descriptor?.value
      : function (this: object, ...args: unknown[]): unknown {
          return (get.call(this) as (...all: unknown[]) => unknown).apply(this, args)
        }
  // Keeps the method as enumerable as it was: `for…in` lists those of Node.js.
  const enumerable = Object.getOwnPropertyDescriptor(ownerOf(holder, name), name)?.enumerable ?? false
  const value = wrap(own as never, parent as never)
  Object.defineProperty(holder, name, { value, writable: true, configurable: true, enumerable })
}

/** Returns the object in the prototype chain that has the property itself. */
function ownerOf(object: object, name: string): object {
  let owner = object
  while (!Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner)
  return owner
}

/** Returns the prototype to wrap. The one that an Express app inserts has no `constructor` of its own and is skipped. */
function holderFor(object: object, hasConnection: boolean): object {
  const isWanted = (each: object): boolean =>
    hasConnection ? BUILT_IN.has(each) : Object.hasOwn(each, 'constructor')
  let prototype = Object.getPrototypeOf(object)
  while (prototype !== null && !isWanted(prototype)) prototype = Object.getPrototypeOf(prototype)
  if (prototype === null && hasConnection) return holderFor(object, false)
  return prototype === null || SHARED.has(prototype) ? object : prototype
}

type EmitArguments = [event: string | symbol, ...values: unknown[]]
type Emit = (this: EventEmitter, ...args: EmitArguments) => boolean

const wrapEvents = wrapperOf({ emit: wrapRequestEmit })

/** Runs the listeners of a request within its context; without this, they run in that of the connection. */
export function watchRequest(request: EventEmitter, record: RequestRecord): void {
  wrapEvents(request, record.socket instanceof Socket)
  carryRequest(request, record)
}

/** Counts the bytes of a piece of a body, which may be decoded. Node.js itself empties a body after the response. */
function noteData(record: RequestRecord, request: EventEmitter, chunk: unknown): void {
  const encoding = (request as Partial<Readable>).readableEncoding ?? undefined
  const bytes =
    typeof chunk === 'string' || chunk instanceof Uint8Array ? Buffer.byteLength(chunk, encoding) : 0
  for (let on: RequestRecord | undefined = record; on !== undefined; on = on.outer)
    if (on.requestBytes !== undefined && !on.isSent) on.requestBytes += bytes
}

/** Emits the events of a request within its context, and counts the bytes of its body. */
function wrapRequestEmit(own: Emit | undefined, parent: { readonly emit: Emit }): Emit {
  return function emit(...args) {
    const original = own ?? parent.emit
    const record = recordOf(this)
    if (record !== undefined && args[0] === 'data') noteData(record, this, args[1])
    if (record !== undefined && isOutside(record, this, args[0]))
      return emitWithin(record, this, original, ...args)
    return Reflect.apply(original, this, args)
  }
}

/** Notes the events of a response, and emits them within the context of its request. */
export function wrapResponseEmit(own: Emit | undefined, parent: { readonly emit: Emit }): Emit {
  return function emit(...args) {
    const original = own ?? parent.emit
    const record = recordOfResponse(this)
    if (record !== undefined) {
      const event = args[0]
      if (event === 'finish' || event === 'close' || event === 'pipe') noteEvent(record, this, event)
      if (isOutside(record, this, event)) return emitWithin(record, this, original, ...args)
    }
    return Reflect.apply(original, this, args)
  }
}

/** Separate, so that the usual path creates no closure. */
function emitWithin(
  record: RequestRecord,
  emitter: EventEmitter,
  emit: Emit,
  ...args: EmitArguments
): boolean {
  return runWithin(record, () => Reflect.apply(emit, emitter, args))
}

/** Whether an event with listeners is emitted outside the context of its request. */
function isOutside(record: RequestRecord, emitter: EventEmitter, event: string | symbol): boolean {
  return record.inContext && emitter.listenerCount(event) > 0 && currentRecord() !== record
}

function noteEvent(record: RequestRecord, emitter: EventEmitter, event: 'finish' | 'close' | 'pipe'): void {
  try {
    for (let on: RequestRecord | undefined = record; on !== undefined; on = on.outer)
      if (on.response === emitter) noteEventOf(on, event)
  } catch (error) {
    reportFault(error)
  }
}

function noteEventOf(record: RequestRecord, event: 'finish' | 'close' | 'pipe'): void {
  if (event === 'close') record.keeper.end(record)
  // Fastify pipes a stream even into a closed response.
  else if (event === 'pipe') noteLate(record)
  else {
    // Node.js 20 emits `finish` even if it could not write the response.
    record.isSent = !isNetworkError(record.socket.errored)
    // Without a server, as on AWS Lambda, `close` may never come; and `finish` may come while `end()` still runs.
    if (!(record.socket instanceof EventEmitter))
      queueMicrotask(() => safely(() => record.keeper.end(record)))
  }
}

/** Notes the first answer to a request whose client has left. */
export function noteLate(record: RequestRecord): void {
  if (record.closed && record.outcome === 'aborted' && record.lateMs === undefined) record.keeper.late(record)
}
