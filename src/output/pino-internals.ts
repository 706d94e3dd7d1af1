import { type Logger, pino } from 'pino'
import type { Destination, RequestLogger } from '../options.js'
import type { Level } from '../vocabulary.js'

// Undocumented internals of pino, as seen in pino 9 and 10.

const { writeSym, streamSym, serializersSym, formattersSym } = pino.symbols as Readonly<
  Record<'writeSym' | 'streamSym' | 'serializersSym' | 'formattersSym', symbol>
>

/** Writes a line: the logged value, the message, and the number of the level. */
export type WriteLine = (this: Logger, given: unknown, message: string | undefined, level: number) => void

/** Replaces the function with which a logger and all its children write lines. */
export function replaceWrite(logger: Logger, write: WriteLine): void {
  Object.defineProperty(logger, writeSym, { value: write, writable: true, configurable: true })
}

/** Writes a line with the function that {@link replaceWrite} has set. */
export function writeLine(logger: Logger, given: unknown, message: string | undefined, level: number): void {
  const write: WriteLine = Reflect.get(logger, writeSym)
  write.call(logger, given, message, level)
}

/** The metadata of a line, for streams that want it (`pino.metadata`). */
export interface Metadata {
  readonly level: number
  readonly object: unknown
  readonly message: string | undefined
  /** As written in the line. */
  readonly time: string | number | undefined
}

export function wantsMetadata(stream: Destination): boolean {
  // Each event asks, and `Reflect.get()` is slower.
  return (stream as Destination & Internals)[METADATA] === true
}

/** Returns the number of a level. */
export function numberOf(level: Level): number {
  return pino.levels.values[level] ?? 0
}

/** Writes a line to the stream of a logger, with metadata if the stream wants it. */
export function writeToStream(logger: Logger, line: string, metadata: Metadata): void {
  const stream: Destination = Reflect.get(logger, streamSym)
  if (wantsMetadata(stream)) setMetadata(stream, logger, metadata)
  stream.write(line)
}

/** Sets the metadata of the next line on a stream. */
export function setMetadata(stream: Destination, logger: unknown, metadata: Metadata): void {
  const { level, object, message, time } = metadata
  const described = { lastLevel: level, lastObj: object, lastMsg: message, lastTime: String(time) }
  Object.assign(stream, { ...described, lastLogger: logger })
}

/** Returns the serializers of a logger, by field name. */
export function serializersOf(logger: Logger): Readonly<Record<string, Serializer>> {
  return Reflect.get(logger, serializersSym) ?? {}
}

/** Returns the `formatters.log` of a logger. */
export function fieldFormatterOf(logger: Logger): ((given: object) => object) | undefined {
  return Reflect.get(logger, formattersSym)?.log
}

/** A pino object, whose internal properties have symbols of its copy of pino as keys. */
export type Internals = Readonly<Record<PropertyKey, unknown>>
export type Serializer = (value: unknown) => unknown

export const SERIALIZERS = Symbol.for('pino.serializers')
export const FORMATTERS = Symbol.for('pino.formatters')
export const HOOKS = Symbol.for('pino.hooks')
export const METADATA = Symbol.for('pino.metadata')
export const WILDCARD = 'pino.wildcardFirst'
/** The versions of pino whose lines waybill can write. */
const KNOWN = /^(?:9|10)\./

/** One copy of pino: its symbols, and its original functions, which an app may have replaced. */
export class PinoCopy {
  readonly asJson: symbol
  readonly write: symbol
  readonly chindings: symbol
  readonly stream: symbol
  readonly levelVal: symbol
  readonly time: symbol
  readonly timeSliceIndex: symbol
  readonly lsCache: symbol
  readonly end: symbol
  readonly stringifiers: symbol
  readonly mixin: symbol
  readonly messageKey: symbol
  readonly errorKey: symbol
  readonly nestedKey: symbol
  readonly msgPrefix: symbol
  readonly useOnlyCustomLevels: symbol
  readonly originalAsJson: unknown
  readonly originalWrite: unknown

  constructor(symbolOf: (name: string) => symbol, prototype: Internals) {
    this.asJson = symbolOf('asJson')
    this.write = symbolOf('write')
    this.chindings = symbolOf('chindings')
    this.stream = symbolOf('stream')
    this.levelVal = symbolOf('levelVal')
    this.time = symbolOf('time')
    this.timeSliceIndex = symbolOf('timeSliceIndex')
    this.lsCache = symbolOf('lsCache')
    this.end = symbolOf('end')
    this.stringifiers = symbolOf('stringifiers')
    this.mixin = symbolOf('mixin')
    this.messageKey = symbolOf('messageKey')
    this.errorKey = symbolOf('errorKey')
    this.nestedKey = symbolOf('nestedKey')
    this.msgPrefix = symbolOf('msgPrefix')
    this.useOnlyCustomLevels = symbolOf('useOnlyCustomLevels')
    this.originalAsJson = prototype[this.asJson]
    this.originalWrite = prototype[this.write]
  }
}

/** Finds the copy of pino that created a logger; undefined if none did, or an unknown or changed one. */
export function findCopy(logger: object): PinoCopy | undefined {
  const symbols = new Map<string | undefined, symbol>()
  let prototype: object = logger
  for (let each: object | null = logger; each !== null; each = Object.getPrototypeOf(each)) {
    for (const symbol of Object.getOwnPropertySymbols(each)) {
      symbols.set(symbol.description, symbol)
      if (symbol.description === 'pino.asJson') prototype = each
    }
  }
  const symbolOf = (name: string): symbol => {
    const symbol = symbols.get(`pino.${name}`)
    if (symbol === undefined) throw new Error(`no pino.${name}`)
    return symbol
  }
  try {
    if (!KNOWN.test(String(Reflect.get(prototype, 'version')))) return undefined
    const copy = new PinoCopy(symbolOf, prototype as Internals)
    return isNamed(copy.originalAsJson, 'asJson') && isNamed(copy.originalWrite, 'write') ? copy : undefined
  } catch {
    return undefined
  }
}

/** Whether a function was declared with a name; a spy may copy the `name` property, but not the source text. */
export function isNamed(value: unknown, name: string): boolean {
  return (
    typeof value === 'function' && Function.prototype.toString.call(value).startsWith(`function ${name} (`)
  )
}

/** Returns the serializer that an app's logger applies to the field `error`. */
export function errorSerializerOf(copy: PinoCopy, logger: Internals): Serializer | undefined {
  // If pino doesn't write the lines, it doesn't apply serializers either.
  if (logger[copy.write] !== copy.originalWrite) return undefined
  const { error, err } = logger[SERIALIZERS] as Internals
  const serialize = error || (logger[copy.errorKey] === 'error' ? err : undefined)
  return typeof serialize === 'function' ? (serialize as Serializer) : undefined
}

const STANDARD: ReadonlySet<string> = new Set(['errSerializer', 'errWithCauseSerializer'])

/** Whether a serializer is one of pino's own; waybill's description of the error replaces its result. */
export function isStandardSerializer(serialize: Serializer): boolean {
  return STANDARD.has(serialize.name)
}

/** Returns a logger that writes the field `error` unchanged. */
export function withoutErrorSerializer(logger: RequestLogger): RequestLogger {
  const serializers: object = Reflect.get(logger, SERIALIZERS)
  const kept = Object.assign(Object.create(Object.getPrototypeOf(serializers)), serializers)
  const value = Object.assign(kept, { error: (shown: unknown) => shown })
  return Object.create(logger, { [SERIALIZERS]: { value } })
}

/** The digits of milliseconds; a number of fewer is one of seconds, one of more is finer. */
const DIGITS = 13

/**
 * The time of a line in the form that a logger has for it.
 * @param now what the logger says of the present: `,"time":1764000000000`, in seconds or nanoseconds, or as a text
 */
export function timeAt(time: number, now: string): string {
  const [, key, whole, fraction, text] = /^(,"[^"]*":)(?:(\d+)(\.\d+)?|"([^"]+)")$/.exec(now) ?? []
  if (whole !== undefined) {
    const digits = fraction === undefined ? 0 : Math.max(3, fraction.length - 1)
    const shown =
      whole.length < DIGITS
        ? (time / 1000).toFixed(digits)
        : String(Math.round(time)).padEnd(whole.length, '0')
    return key + shown
  }
  const isDate = text !== undefined && !Number.isNaN(Date.parse(text))
  return isDate ? `${key}"${new Date(time).toISOString()}"` : now
}

/** The methods of a pino stream before which pending lines must be written. */
export const FLUSHING_METHODS = ['write', 'flush', 'flushSync', 'end', 'destroy', 'reopen'] as const

/**
 * Whether a stream is pino's own (SonicBoom; seen in 4 and 5), writes asynchronously and has no `maxLength`, which would
 * count the lines of one turn together.
 */
export function writesLater(stream: Destination): boolean {
  const { sync, maxLength, write } = stream as Internals & Destination
  const isWhole = FLUSHING_METHODS.every((name) => typeof Reflect.get(stream, name) === 'function')
  return sync === false && maxLength === 0 && isNamed(write, 'write') && isWhole
}

/** Makes such a stream write at once while a function runs; what it is writing already is finished by the system. */
export function writeSynchronously(stream: Destination, write: () => void): void {
  Reflect.set(stream, 'sync', true)
  try {
    write()
  } finally {
    Reflect.set(stream, 'sync', false)
  }
}
