import { channel } from 'node:diagnostics_channel'
import { fits } from '../format/fit.js'
import { mapTexts, percentEncode, percentText } from '../format/json.js'
import type { Destination, RequestLogger } from '../options.js'
import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import {
  asksForMetadata,
  type Copy,
  errorSerializerOf,
  FORMATTERS,
  findCopy,
  type Held,
  HOOKS,
  isNamed,
  isStandard,
  SERIALIZERS,
  type Serializer,
  tell,
  timeAt,
  WILDCARD,
} from './pino-internals.js'
import { writeInTurn } from './turn.js'

/** Who traces how lines are made may change what they are made of. */
const tracing = ['start', 'end', 'error'].map((event) => channel(`tracing:pino_asJson:${event}`))

/** The numbers of the levels; `fatal` also flushes. */
const NUMBERS: Readonly<Partial<Record<Level, number>>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
}

/** What writes the fields of an event, each behind a comma but the first, and gives them as pino takes them. */
export interface EventBody {
  readonly text: (record: RequestRecord, level: Level) => string
  readonly object: (record: RequestRecord, level: Level) => object
}

/** Writes events as the pino loggers of an app would, without pino, where nothing that the app set up has to see them. */
export class PinoLines {
  readonly #names: ReadonlySet<string>
  readonly #maxLineBytes: number
  /** By the prototypes of loggers: those of all requests have one. */
  readonly #copies = new WeakMap<object, { readonly copy: Copy | undefined }>()
  #latest: Copy | undefined
  /** The methods of each level that are known to be pino's. */
  readonly #methods: Partial<Record<Level, unknown>> = {}
  // The settings that were looked at last, and whether they leave the names of events alone.
  #serializers: Held | undefined
  #stringifiers: Held | undefined
  #messageKey: unknown
  #errorKey: unknown
  #areFree = false

  /** @param names the names of all fields that an event may have, but those that handlers add, and `error` */
  constructor(names: ReadonlySet<string>, maxLineBytes: number) {
    this.#names = names
    this.#maxLineBytes = maxLineBytes
  }

  /** Writes an event; returns false, and writes nothing, where the logger has to do that itself. */
  write(record: RequestRecord, level: Level, body: EventBody, message: string): boolean {
    const logger = record.logger as unknown as Held
    const copy = this.#copyOf(logger)
    if (copy === undefined || !this.#isFree(copy, logger, level, record)) return false
    const number = NUMBERS[level] ?? 0
    const begin = (logger[copy.lsCache] as Held)[number]
    if (typeof begin !== 'string') return false
    const prefix = logger[copy.msgPrefix]
    const said = typeof prefix === 'string' ? prefix + percentEncode(message) : message
    const time = (logger[copy.time] as () => string)()
    const bound = `${begin}${time}${logger[copy.chindings]},${body.text(record, level)}`
    const line = `${bound},"${logger[copy.messageKey]}":${percentText(said)}${logger[copy.end]}`
    if (!fits(line, this.#maxLineBytes)) return false
    const stream = logger[copy.stream] as Destination & Held
    if (asksForMetadata(stream)) {
      const object = mapTexts(body.object(record, level), percentEncode)
      const shownTime = time.slice(Number(logger[copy.timeSliceIndex]))
      tell(stream, logger, { level: number, object, message: percentEncode(said), time: shownTime })
    }
    writeInTurn(stream, line)
    return true
  }

  /** A logger whose lines have another time than that at which they are written, in its own form. */
  at(time: number, logger: RequestLogger): RequestLogger {
    const held = logger as unknown as Held
    const copy = this.#copyOf(held)
    if (copy === undefined) return logger
    const text = timeAt(time, (held[copy.time] as () => string)())
    return Object.create(logger, { [copy.time]: { value: () => text } })
  }

  /** What an app shows errors by that are logged as `error`. */
  errorSerializerOf(logger: RequestLogger): Serializer | undefined {
    const copy = this.#copyOf(logger as unknown as Held)
    return copy && errorSerializerOf(copy, logger as unknown as Held)
  }

  #copyOf(logger: Held): Copy | undefined {
    const latest = this.#latest
    if (latest !== undefined && logger[latest.asJson] === latest.itsAsJson) return latest
    const prototype: object | null = Object.getPrototypeOf(logger)
    if (prototype === null) return undefined
    let found = this.#copies.get(prototype)
    if (found === undefined) {
      found = { copy: findCopy(logger) }
      this.#copies.set(prototype, found)
    }
    this.#latest = found.copy ?? latest
    return found.copy
  }

  #isFree(copy: Copy, logger: Held, level: Level, { added, failure }: RequestRecord): boolean {
    if (logger[copy.asJson] !== copy.itsAsJson || logger[copy.write] !== copy.itsWrite) return false
    if (logger[copy.mixin] || logger[copy.nestedKey] || logger[copy.useOnlyCustomLevels]) return false
    const hooks = logger[HOOKS] as Held
    if (hooks.logMethod || hooks.streamWrite || (logger[FORMATTERS] as Held).log) return false
    if (tracing.some(({ hasSubscribers }) => hasSubscribers)) return false
    if (!this.#isMethod(logger[level], level) || !this.#leavesNames(copy, logger)) return false
    if (failure !== undefined && !this.#leavesError(copy, logger)) return false
    if (added === undefined) return true
    for (const name of added.fields.keys()) if (!this.#leavesAdded(name)) return false
    return true
  }

  #isMethod(method: unknown, level: Level): boolean {
    if (this.#methods[level] === method) return true
    if (NUMBERS[level] === undefined || !isNamed(method, 'LOG')) return false
    this.#methods[level] = method
    return true
  }

  #leavesNames(copy: Copy, logger: Held): boolean {
    const serializers = logger[SERIALIZERS] as Held
    const stringifiers = logger[copy.stringifiers] as Held
    const messageKey = logger[copy.messageKey]
    const errorKey = logger[copy.errorKey]
    const isKnown = serializers === this.#serializers && stringifiers === this.#stringifiers
    if (isKnown && messageKey === this.#messageKey && errorKey === this.#errorKey) return this.#areFree
    this.#serializers = serializers
    this.#stringifiers = stringifiers
    this.#messageKey = messageKey
    this.#errorKey = errorKey
    const hasWildcard = Object.getOwnPropertySymbols(stringifiers).some(
      ({ description }) => description === WILDCARD,
    )
    this.#areFree = !hasWildcard && [...this.#names, String(messageKey)].every((name) => this.#leaves(name))
    return this.#areFree
  }

  #leaves(name: string): boolean {
    const serializers = this.#serializers ?? {}
    if (serializers[name] || this.#stringifiers?.[name]) return false
    return name !== this.#errorKey || !serializers.err
  }

  #leavesAdded(name: string): boolean {
    return this.#leaves(name) && !this.#names.has(name) && percentEncode(name) === name
  }

  #leavesError(copy: Copy, logger: Held): boolean {
    if (this.#stringifiers?.error) return false
    const serialize = errorSerializerOf(copy, logger)
    return serialize === undefined || isStandard(serialize)
  }
}
