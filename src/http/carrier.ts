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

/** Stands in the place of the object that is being constructed, so that a subclass adds its fields to it. */
class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is how a field is added to an object of another class.
    return object
  }
}

/**
 * Adds the record to a request or a response of Node.js, as a private field: nothing that enumerates, compares, copies or
 * prints the object finds it, and it costs far less than a hidden property (`npm run bench:pieces`).
 */
class Carrier extends Given {
  #record: RequestRecord

  constructor(object: object, record: RequestRecord) {
    super(object)
    this.#record = record
  }

  // Two functions, because V8 finds a field faster where it sees few shapes of objects.
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

// The latest request and response: most steps of a request follow each other, and a field is slower to find.
let latestRequest: object | undefined
let latestResponse: object | undefined
let latestRecord: RequestRecord | undefined

/** The latest record that a request of Node.js belongs to, of whichever app. */
export function recordOf(request: object): RequestRecord | undefined {
  return request === latestRequest ? latestRecord : Carrier.ofRequest(request)
}

/** The latest record that a response of Node.js belongs to, of whichever app. */
export function recordOfResponse(response: object): RequestRecord | undefined {
  return response === latestResponse ? latestRecord : Carrier.ofResponse(response)
}

/** Notes which record a request belongs to. */
export function carryRequest(request: object, record: RequestRecord): void {
  Carrier.set(request, record)
  latestRequest = request
  latestResponse = undefined
  latestRecord = record
}

/** Notes which record a response belongs to. */
export function carryResponse(response: object, record: RequestRecord): void {
  Carrier.set(response, record)
  if (record === latestRecord) latestResponse = response
  else if (response === latestResponse) latestResponse = undefined
}

/** Lets go of a record that is over. */
export function letGo(record: RequestRecord): void {
  if (record !== latestRecord) return
  latestRequest = undefined
  latestResponse = undefined
  latestRecord = undefined
}

type Methods = Record<string, unknown>

/** Classes that far more than requests and responses are made of; their methods stay as they are. */
const SHARED: ReadonlySet<object> = new Set(
  [Object, EventEmitter, Stream, Readable, Writable, Duplex, Transform, PassThrough].map(
    (each) => each.prototype,
  ),
)

/**
 * Makes the wrapper of a method. A class that has none of its own inherits it, also from a parent that a tracer changes
 * later, so that it is looked up at each call.
 */
type Wrap = (own: never, parent: never) => unknown

/** The classes of Node.js whose methods send what was written, whatever stands in front of them. */
const BUILT_IN: ReadonlySet<object> = new Set(
  [IncomingMessage, ServerResponse, Http2ServerRequest, Http2ServerResponse].map((each) => each.prototype),
)

/**
 * Makes a function that wraps methods of the class of an object, once for all of its objects, so that nothing is added to
 * each of them. With a connection that is the class of Node.js, so that the wrappers see what is sent, behind everything
 * that other packages put in front of it; without one, as in `inject()`, the class of the object.
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
  // As the method is without: `for…in` lists those of Node.js.
  const enumerable = Object.getOwnPropertyDescriptor(ownerOf(holder, name), name)?.enumerable ?? false
  const value = wrap(own as never, parent as never)
  Object.defineProperty(holder, name, { value, writable: true, configurable: true, enumerable })
}

/** The object that has a property itself, in a chain of prototypes that has it. */
function ownerOf(object: object, name: string): object {
  let owner = object
  while (!Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner)
  return owner
}

/** The prototype whose methods are wrapped; what an app of Express puts before it has no constructor of its own. */
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

/** Runs what listens to a request within the context of its record: its events come from the connection. */
export function watchRequest(request: EventEmitter, record: RequestRecord): void {
  wrapEvents(request, record.socket instanceof Socket)
  carryRequest(request, record)
}

/** Emits the events of a request within the context of its record. */
function wrapRequestEmit(own: Emit | undefined, parent: { readonly emit: Emit }): Emit {
  return function emit(...args) {
    const original = own ?? parent.emit
    const record = recordOf(this)
    if (record !== undefined && isOutside(record, this, args[0]))
      return emitWithin(record, this, original, ...args)
    return Reflect.apply(original, this, args)
  }
}

/** Notes the events of a response, and emits them within the context of its record. */
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

/** A function of its own, so that the usual way makes no closure. */
function emitWithin(
  record: RequestRecord,
  emitter: EventEmitter,
  emit: Emit,
  ...args: EmitArguments
): boolean {
  return runWithin(record, () => Reflect.apply(emit, emitter, args))
}

/** Whether an event that something listens to is emitted outside of the context of its record. */
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
  // Fastify pipes a stream into a response that is dead already.
  else if (event === 'pipe') noteLate(record)
  else {
    // Node.js 20 emits it for a response that it could not write, too.
    record.isSent = !isNetworkError(record.socket.errored)
    // Without a server, as on AWS Lambda, it may never be closed; and it may finish while its end is written.
    if (!(record.socket instanceof EventEmitter))
      queueMicrotask(() => safely(() => record.keeper.end(record)))
  }
}

/** Notes an answer to a request that was over. */
export function noteLate(record: RequestRecord): void {
  if (record.closed && record.outcome === 'aborted' && record.lateMs === undefined) record.keeper.late(record)
}
