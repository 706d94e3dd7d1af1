import { type Logger, pino } from 'pino'
import type { Destination, RequestLogger } from '../options.js'
import type { Level } from '../vocabulary.js'

// What waybill uses of pino that its documentation does not describe. Seen in pino 9 and 10.

const { writeSym, streamSym, serializersSym, formattersSym } = pino.symbols as Readonly<
  Record<'writeSym' | 'streamSym' | 'serializersSym' | 'formattersSym', symbol>
>

/** Writes a line: what is logged, the message as text, and the number of the level. */
export type WriteLine = (this: Logger, given: unknown, message: string | undefined, level: number) => void

/** Replaces what a logger and all of its children write lines by. */
export function replaceWrite(logger: Logger, write: WriteLine): void {
  Object.defineProperty(logger, writeSym, { value: write, writable: true, configurable: true })
}

/** Writes a line by what {@link replaceWrite} has set. */
export function writeLine(logger: Logger, given: unknown, message: string | undefined, level: number): void {
  const write: WriteLine = Reflect.get(logger, writeSym)
  write.call(logger, given, message, level)
}

/** What some streams are told of a line (`pino.metadata`). */
export interface Metadata {
  readonly level: number
  readonly object: unknown
  readonly message: string | undefined
  /** As the line has it. */
  readonly time: string | number | undefined
}

export function asksForMetadata(stream: Destination): boolean {
  return Reflect.get(stream, METADATA) === true
}

/** The number of a level. */
export function numberOf(level: Level): number {
  return pino.levels.values[level] ?? 0
}

/** Hands a line to the stream of a logger, with what the stream asks to be told of it. */
export function handOver(logger: Logger, line: string, metadata: Metadata): void {
  const stream: Destination = Reflect.get(logger, streamSym)
  if (asksForMetadata(stream)) tell(stream, logger, metadata)
  stream.write(line)
}

/** Tells a stream of the line that comes next. */
export function tell(stream: Destination, logger: unknown, metadata: Metadata): void {
  const { level, object, message, time } = metadata
  const described = { lastLevel: level, lastObj: object, lastMsg: message, lastTime: String(time) }
  Object.assign(stream, { ...described, lastLogger: logger })
}

/** What shows the values of fields, by their names. */
export function serializersOf(logger: Logger): Readonly<Record<string, Serializer>> {
  return Reflect.get(logger, serializersSym) ?? {}
}

/** What an app has its child loggers change in what is logged. */
export function fieldFormatterOf(logger: Logger): ((given: object) => object) | undefined {
  return Reflect.get(logger, formattersSym)?.log
}

/** What a logger holds, under the symbols of its copy of pino. */
export type Held = Readonly<Record<PropertyKey, unknown>>
export type Serializer = (value: unknown) => unknown

export const SERIALIZERS = Symbol.for('pino.serializers')
export const FORMATTERS = Symbol.for('pino.formatters')
export const HOOKS = Symbol.for('pino.hooks')
export const METADATA = Symbol.for('pino.metadata')
export const WILDCARD = 'pino.wildcardFirst'
/** The copies of pino whose lines waybill knows, by their versions. */
const KNOWN = /^(?:9|10)\./

/** One copy of pino: its symbols, and what its loggers write lines by unless an app has replaced that. */
export class Copy {
  readonly asJson: symbol
  readonly write: symbol
  readonly chindings: symbol
  readonly stream: symbol
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
  readonly itsAsJson: unknown
  readonly itsWrite: unknown

  constructor(symbolOf: (name: string) => symbol, prototype: Held) {
    this.asJson = symbolOf('asJson')
    this.write = symbolOf('write')
    this.chindings = symbolOf('chindings')
    this.stream = symbolOf('stream')
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
    this.itsAsJson = prototype[this.asJson]
    this.itsWrite = prototype[this.write]
  }
}

/** The copy of pino that made a logger; undefined where none did, or one that is not known or that was changed. */
export function findCopy(logger: object): Copy | undefined {
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
    const copy = new Copy(symbolOf, prototype as Held)
    return isNamed(copy.itsAsJson, 'asJson') && isNamed(copy.itsWrite, 'write') ? copy : undefined
  } catch {
    return undefined
  }
}

/** Whether a function was declared under a name; a spy that stands for it may have taken the name, but not the text. */
export function isNamed(value: unknown, name: string): boolean {
  return (
    typeof value === 'function' && Function.prototype.toString.call(value).startsWith(`function ${name} (`)
  )
}

/** What an app shows errors by that are logged as `error`. */
export function errorSerializerOf(copy: Copy, logger: Held): Serializer | undefined {
  // Where lines are not written by pino, neither are its serializers applied by it.
  if (logger[copy.write] !== copy.itsWrite) return undefined
  const { error, err } = logger[SERIALIZERS] as Held
  const serialize = error || (logger[copy.errorKey] === 'error' ? err : undefined)
  return typeof serialize === 'function' ? (serialize as Serializer) : undefined
}

const STANDARD: ReadonlySet<string> = new Set(['errSerializer', 'errWithCauseSerializer'])

/** Whether errors are shown by a serializer of pino's own, whose result waybill's description of them replaces. */
export function isStandard(serialize: Serializer): boolean {
  return STANDARD.has(serialize.name)
}

/** A logger that writes the field `error` as it is given. */
export function withoutErrorSerializer(logger: RequestLogger): RequestLogger {
  const serializers: object = Reflect.get(logger, SERIALIZERS)
  const kept = Object.assign(Object.create(Object.getPrototypeOf(serializers)), serializers)
  const value = Object.assign(kept, { error: (shown: unknown) => shown })
  return Object.create(logger, { [SERIALIZERS]: { value } })
}

/** The greatest number of seconds that is not taken for milliseconds. */
const MAX_SECONDS = 1e11

/**
 * The time of a line in the form that a logger has for it.
 * @param now what the logger says of the present: `,"time":1764000000000`, in seconds, or as a text
 */
export function timeAt(time: number, now: string): string {
  const [, key, seconds, text] = /^(,"[^"]*":)(?:(\d+)|"([^"]+)")$/.exec(now) ?? []
  if (seconds !== undefined) return `${key}${Number(seconds) > MAX_SECONDS ? time : Math.round(time / 1000)}`
  const isDate = text !== undefined && !Number.isNaN(Date.parse(text))
  return isDate ? `${key}"${new Date(time).toISOString()}"` : now
}

/** The methods of a stream of pino's behind which nothing that was written before may come. */
export const SETTLING = ['write', 'flush', 'flushSync', 'end', 'destroy', 'reopen'] as const

/**
 * Whether a stream is one of pino's own for a descriptor (SonicBoom; seen in 4 and 5) that writes later, without limits
 * that count what it is given at once.
 */
export function collects(stream: Destination): boolean {
  const { sync, maxLength, write } = stream as Held & Destination
  const isWhole = SETTLING.every((name) => typeof Reflect.get(stream, name) === 'function')
  return sync === false && maxLength === 0 && isNamed(write, 'write') && isWhole
}
