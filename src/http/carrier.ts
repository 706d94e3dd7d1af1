import { EventEmitter } from 'node:events'
import { Duplex, PassThrough, Readable, Stream, Transform, Writable } from 'node:stream'
import { currentRecord, runWithin } from '../context.js'
import type { RequestRecord } from '../request/record.js'
import { reportFault } from '../safely.js'
import { isNetworkError } from './connection.js'

/** Stands in the place of the object that is being constructed, so that a subclass adds its fields to it. */
class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is how a field is added to an object of another class.
    return object
  }
}

/**
 * Adds the record to a request, a response or a socket of Node.js, as a private field: nothing that enumerates, compares,
 * copies or prints the object finds it, and it costs far less than a hidden property (`npm run bench:pieces`).
 */
class Carrier extends Given {
  #record: RequestRecord | undefined

  constructor(object: object, record: RequestRecord) {
    super(object)
    this.#record = record
  }

  static get(object: object): RequestRecord | undefined {
    return #record in object ? object.#record : undefined
  }

  static set(object: object, record: RequestRecord): void {
    if (#record in object) object.#record = record
    else new Carrier(object, record)
  }
}

/** The latest record that a request or response of Node.js belongs to, of whichever app. */
export const recordOf = Carrier.get

/** Notes which record a request or a response of Node.js belongs to. */
export const carry = Carrier.set

/**
 * Sets a property that no enumeration shows: comparing, copying or printing a request stays what it is without waybill
 * (`assert.deepStrictEqual` of two requests would go through everything that hangs on them).
 */
export function setHidden(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false })
}

type Methods = Record<string, unknown>

/** Classes that far more than requests and responses are made of; their methods stay as they are. */
const SHARED: ReadonlySet<object> = new Set(
  [Object, EventEmitter, Stream, Readable, Writable, Duplex, Transform, PassThrough].map(
    (each) => each.prototype,
  ),
)

/** Makes the wrapper of a method; `original` finds the method without it, also one that a tracer replaces later. */
type Wrap = (original: () => never) => unknown

/**
 * Makes a function that wraps methods of the class of an object, once for all of its objects, so that nothing is added to
 * each of them. The wrappers see what reaches Node.js, behind everything that other packages put in front of it.
 */
export function wrapperOf(wraps: Readonly<Record<string, Wrap>>): (object: object) => void {
  const seen = new WeakSet<object>()
  return (object) => {
    const prototype = Object.getPrototypeOf(object)
    if (seen.has(prototype)) return
    const holder = holderFor(object)
    if (holder !== object) seen.add(prototype)
    if (seen.has(holder) && holder !== prototype) return
    seen.add(holder)
    const parent = Object.getPrototypeOf(holder) as Methods
    for (const [name, wrap] of Object.entries(wraps)) {
      if (typeof (object as Methods)[name] !== 'function') continue
      const own: unknown = Object.getOwnPropertyDescriptor(holder, name)?.value
      setHidden(
        holder,
        name,
        wrap(() => (own === undefined ? parent[name] : own) as never),
      )
    }
  }
}

/** The prototype of the class of an object; what an app of Express puts before that has no constructor of its own. */
function holderFor(object: object): object {
  let prototype = Object.getPrototypeOf(object)
  while (prototype !== null && !Object.hasOwn(prototype, 'constructor'))
    prototype = Object.getPrototypeOf(prototype)
  return prototype === null || SHARED.has(prototype) ? object : prototype
}

type Emit = (this: EventEmitter, event: string | symbol, ...args: unknown[]) => boolean

const wrapEvents = wrapperOf({ emit: wrapEmit })

/** Runs what listens to a request within the context of its record: its events come from the connection. */
export function watchRequest(request: EventEmitter, record: RequestRecord): void {
  wrapEvents(request)
  carry(request, record)
}

/** Notes the events of a response, and emits those of requests and responses within the context of their record. */
export function wrapEmit(original: () => Emit): Emit {
  return function emit(event, ...args) {
    const isNoted = event === 'finish' || event === 'close' || event === 'pipe'
    // Most events come while nothing listens to them.
    if (isNoted || this.listenerCount(event) > 0) {
      const record = recordOf(this)
      if (record !== undefined) {
        if (isNoted) noteEvent(record, this, event)
        if (record.inContext && currentRecord() !== record)
          return emitWithin(record, this, original(), event, args)
      }
    }
    return original().call(this, event, ...args)
  }
}

/** A function of its own, so that the usual way makes no closure. */
function emitWithin(
  record: RequestRecord,
  emitter: EventEmitter,
  emit: Emit,
  event: string | symbol,
  args: unknown[],
): boolean {
  return runWithin(record, () => emit.call(emitter, event, ...args))
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
    if (!(record.socket instanceof EventEmitter)) queueMicrotask(() => record.keeper.end(record))
  }
}

/** Notes an answer to a request that was over. */
export function noteLate(record: RequestRecord): void {
  if (record.closed && record.outcome === 'aborted' && record.lateMs === undefined) record.keeper.late(record)
}
