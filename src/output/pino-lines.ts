import { channel } from 'node:diagnostics_channel'
import { fits } from '../format/fit.js'
import { mapTexts, percentEncode, percentText } from '../format/json.js'
import type { Destination, RequestLogger } from '../options.js'
import type { AddedFields } from '../request/fields.js'
import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import { targetOf } from './held-lines.js'
import {
  errorSerializerOf,
  FORMATTERS,
  findCopy,
  HOOKS,
  type Internals,
  isNamed,
  isStandardSerializer,
  type PinoCopy,
  SERIALIZERS,
  type Serializer,
  setMetadata,
  timeAt,
  WILDCARD,
  wantsMetadata,
} from './pino-internals.js'
import { writeInTurn } from './turn.js'

/** Subscribers of these channels may change what pino writes. */
const tracing = ['start', 'end', 'error'].map((event) => channel(`tracing:pino_asJson:${event}`))

/** The numbers of the levels that pino only writes; `fatal` also flushes. */
const NUMBERS: Readonly<Partial<Record<Level, number>>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
}

/** An event's fields: as JSON text without braces, and as the object that pino would get. */
export interface EventBody {
  readonly text: (record: RequestRecord, level: Level) => string
  readonly object: (record: RequestRecord, level: Level) => object
}

/** Writes the same lines as an app's pino logger, without calling it, if no set-up of the app would change or see them. */
export class PinoLines {
  readonly #names: ReadonlySet<string>
  readonly #maxLineBytes: number
  /** By the prototype of loggers, which those of all requests share. */
  readonly #copies = new WeakMap<object, { readonly copy: PinoCopy | undefined }>()
  #latest: PinoCopy | undefined
  /** The methods of each level that are known to be pino's. */
  readonly #methods: Partial<Record<Level, unknown>> = {}
  // The settings that were checked last, and whether they leave the fields of events unchanged.
  #serializers: Internals | undefined
  #stringifiers: Internals | undefined
  #messageKey: unknown
  #errorKey: unknown
  #areNamesUntouched = false

  /** @param names the names of all built-in fields of events, except `error` */
  constructor(names: ReadonlySet<string>, maxLineBytes: number) {
    this.#names = names
    this.#maxLineBytes = maxLineBytes
  }

  /** Writes an event; returns false, without writing, if the logger has to do that itself. */
  write(record: RequestRecord, level: Level, body: EventBody, message: string): boolean {
    const logger = record.logger as unknown as Internals
    const copy = this.#copyOf(logger)
    if (copy === undefined || !this.#canWrite(copy, logger, level, record)) return false
    const number = NUMBERS[level] ?? 0
    const begin = (logger[copy.lsCache] as Internals)[number]
    if (typeof begin !== 'string') return false
    const prefix = logger[copy.msgPrefix]
    const said = typeof prefix === 'string' ? prefix + percentEncode(message) : message
    const time = (logger[copy.time] as () => string)()
    const bound = `${begin}${time}${logger[copy.chindings]},${body.text(record, level)}`
    const line = `${bound},"${logger[copy.messageKey]}":${percentText(said)}${logger[copy.end]}`
    if (!fits(line, this.#maxLineBytes)) return false
    const stream = targetOf(logger[copy.stream] as Destination & Internals)
    if (wantsMetadata(stream)) {
      const object = mapTexts(body.object(record, level), percentEncode)
      const shownTime = time.slice(Number(logger[copy.timeSliceIndex]))
      setMetadata(stream, logger, { level: number, object, message: percentEncode(said), time: shownTime })
    }
    writeInTurn(stream, line)
    return true
  }

  /** A logger whose lines have another time than that at which they are written, in its own form. */
  at(time: number, logger: RequestLogger): RequestLogger {
    const held = logger as unknown as Internals
    const copy = this.#copyOf(held)
    if (copy === undefined) return logger
    const text = timeAt(time, (held[copy.time] as () => string)())
    return Object.create(logger, { [copy.time]: { value: () => text } })
  }

  /**
   * Binds fields to the logger of a request, in place of those that were bound before.
   * @returns whether its completion has them by that
   */
  bind(record: RequestRecord, latest: AddedFields): boolean {
    const logger = record.logger as RequestLogger & { setBindings?(fields: object): void }
    if (typeof logger.setBindings !== 'function') return false
    const held = logger as unknown as Internals
    const copy = this.#copyOf(held)
    const own = copy && this.#ownBindings(record, copy)
    if (copy === undefined || own === undefined) {
      logger.setBindings(shown(latest))
      return true
    }
    Reflect.set(logger, copy.chindings, own)
    logger.setBindings(shown(record.bound ?? latest))
    record.bindings = { whole: String(held[copy.chindings]), own }
    return false
  }

  /** The logger of a request without what was bound to the request. */
  unbound(record: RequestRecord): RequestLogger {
    const { logger, bindings } = record
    const copy = bindings && this.#copyOf(logger as unknown as Internals)
    const own = copy && this.#ownBindings(record, copy)
    return copy === undefined || own === undefined
      ? logger
      : Object.create(logger, { [copy.chindings]: { value: own } })
  }

  /** The bindings of a request's logger, but those of the request, as pino keeps them; a child has them at its beginning. */
  #ownBindings({ logger, bindings }: RequestRecord, copy: PinoCopy): string | undefined {
    const text = (logger as unknown as Internals)[copy.chindings]
    if (typeof text !== 'string') return undefined
    return bindings !== undefined && text.startsWith(bindings.whole)
      ? bindings.own + text.slice(bindings.whole.length)
      : text
  }

  /** Returns the serializer that a logger applies to the field `error`. */
  errorSerializerOf(logger: RequestLogger): Serializer | undefined {
    const copy = this.#copyOf(logger as unknown as Internals)
    return copy && errorSerializerOf(copy, logger as unknown as Internals)
  }

  #copyOf(logger: Internals): PinoCopy | undefined {
    const latest = this.#latest
    if (latest !== undefined && logger[latest.asJson] === latest.originalAsJson) return latest
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

  #canWrite(copy: PinoCopy, logger: Internals, level: Level, { added, failure }: RequestRecord): boolean {
    if (logger[copy.asJson] !== copy.originalAsJson || logger[copy.write] !== copy.originalWrite) return false
    if (logger[copy.mixin] || logger[copy.nestedKey] || logger[copy.useOnlyCustomLevels]) return false
    const hooks = logger[HOOKS] as Internals
    if (hooks.logMethod || hooks.streamWrite || (logger[FORMATTERS] as Internals).log) return false
    if (tracing.some(({ hasSubscribers }) => hasSubscribers)) return false
    if (!this.#isMethod(logger[level], level) || !this.#checkNames(copy, logger)) return false
    if (failure !== undefined && !this.#isErrorUntouched(copy, logger)) return false
    if (added === undefined) return true
    for (const name of added.fields.keys()) if (!this.#isAddedUntouched(name)) return false
    return true
  }

  #isMethod(method: unknown, level: Level): boolean {
    if (this.#methods[level] === method) return true
    if (NUMBERS[level] === undefined || !isNamed(method, 'LOG')) return false
    this.#methods[level] = method
    return true
  }

  #checkNames(copy: PinoCopy, logger: Internals): boolean {
    const serializers = logger[SERIALIZERS] as Internals
    const stringifiers = logger[copy.stringifiers] as Internals
    const messageKey = logger[copy.messageKey]
    const errorKey = logger[copy.errorKey]
    const isKnown = serializers === this.#serializers && stringifiers === this.#stringifiers
    if (isKnown && messageKey === this.#messageKey && errorKey === this.#errorKey)
      return this.#areNamesUntouched
    this.#serializers = serializers
    this.#stringifiers = stringifiers
    this.#messageKey = messageKey
    this.#errorKey = errorKey
    const hasWildcard = Object.getOwnPropertySymbols(stringifiers).some(
      ({ description }) => description === WILDCARD,
    )
    this.#areNamesUntouched =
      !hasWildcard && [...this.#names, String(messageKey)].every((name) => this.#isUntouched(name))
    return this.#areNamesUntouched
  }

  #isUntouched(name: string): boolean {
    const serializers = this.#serializers ?? {}
    if (serializers[name] || this.#stringifiers?.[name]) return false
    return name !== this.#errorKey || !serializers.err
  }

  #isAddedUntouched(name: string): boolean {
    return this.#isUntouched(name) && !this.#names.has(name) && percentEncode(name) === name
  }

  #isErrorUntouched(copy: PinoCopy, logger: Internals): boolean {
    if (this.#stringifiers?.error) return false
    const serialize = errorSerializerOf(copy, logger)
    return serialize === undefined || isStandardSerializer(serialize)
  }
}

/** Fields as an app's logger gets them. */
function shown({ fields }: AddedFields): object {
  return Object(mapTexts(Object.fromEntries(fields), percentEncode))
}
