import type { Destination, RequestLogger } from '../options.js'
import type { HeldLogLines } from '../request/parts.js'
import type { RequestRecord } from '../request/record.js'
import { attempt, safely } from '../safely.js'
import type { Level } from '../vocabulary.js'
import { findCopy, type Internals, METADATA, type PinoCopy } from './pino-internals.js'

/** What is held of one request, and of all requests of the process, in characters; the oldest lines go first. */
const MAX_LINES = 100
const MAX_OF_REQUEST = 65_536
const MAX_OF_PROCESS = 16 * 1_048_576

/** The logger of a request without the lines that are held: its level decides what is written at once. */
const BASE = Symbol('waybill.base')
/** The stream that gets what is not held. */
const TARGET = Symbol('waybill.target')

/** Returns the logger whose level decides what is written. */
export function baseOf(logger: RequestLogger): RequestLogger {
  return Reflect.get(logger, BASE) ?? logger
}

/** Returns the stream that a stream writes to. */
export function targetOf(stream: Destination & Internals): Destination & Internals {
  const target: unknown = stream[TARGET]
  return target === undefined ? stream : (target as Destination & Internals)
}

/** Those of all requests that have lines, and their size. */
const all = new Set<HeldLines>()
let sizeOfAll = 0

/** The log lines of a request that are written only if something is wrong with it. */
export class HeldLines {
  readonly #lines: { readonly line: string; readonly level: number }[] = []
  /** Whether the request has ended: nothing would take later lines. */
  #isOver = false
  #size = 0
  #dropped = 0
  /** Whether lines are written at once from now on. */
  isOpen = false
  readonly #base: RequestLogger
  readonly #target: Destination

  constructor(base: RequestLogger, target: Destination) {
    this.#base = base
    this.#target = target
  }

  hold(line: string, level: number): void {
    if (this.#isOver) return
    this.#lines.push({ line, level })
    this.#count(line.length)
    all.add(this)
    while (this.#lines.length > MAX_LINES || this.#size > MAX_OF_REQUEST) this.#drop()
    for (const oldest of all) {
      while (sizeOfAll > MAX_OF_PROCESS && oldest.#size > 0) oldest.#drop()
      if (sizeOfAll <= MAX_OF_PROCESS) break
    }
  }

  /** Writes the held lines, and all later ones at once. */
  flush(): void {
    this.isOpen = true
    if (this.#dropped > 0) {
      const dropped = this.#dropped
      this.#base.warn(
        { dropped },
        `${dropped} held log lines were dropped: a request keeps ${MAX_LINES} and 64 KiB, the process 16 MiB`,
      )
    }
    for (const { line, level } of this.#lines) {
      // What asks for metadata may choose a stream by the level.
      if (Reflect.get(this.#target, METADATA) === true) Object.assign(this.#target, { lastLevel: level })
      this.#target.write(line)
    }
    this.discard()
  }

  discard(): void {
    this.#isOver = true
    this.#count(-this.#size)
    this.#lines.length = 0
    this.#dropped = 0
    all.delete(this)
  }

  #drop(): void {
    const oldest = this.#lines.shift()
    if (oldest === undefined) return
    this.#dropped++
    this.#count(-oldest.line.length)
  }

  #count(change: number): void {
    this.#size += change
    sizeOfAll += change
  }
}

/** Takes the lines of a logger; pino says of each at which level it is. */
class HoldingStream implements Destination {
  readonly [METADATA] = true
  readonly [TARGET]: Destination & Internals
  lastLevel = 0
  readonly #held: HeldLines
  readonly #base: Internals

  constructor(held: HeldLines, target: Destination, base: RequestLogger) {
    this.#held = held
    this[TARGET] = target as Destination & Internals
    this.#base = base as unknown as Internals
  }

  write(line: string): void {
    const target = this[TARGET]
    if (!this.#held.isOpen && this.lastLevel < Number(this.#base.levelVal)) {
      this.#held.hold(line, this.lastLevel)
      return
    }
    if (target[METADATA] === true) Object.assign(target, this)
    target.write(line)
  }

  flush(done?: (error?: Error) => void): void {
    const { flush } = this[TARGET]
    if (typeof flush === 'function') flush.call(this[TARGET], done)
    else done?.()
  }

  flushSync(): void {
    const { flushSync } = this[TARGET]
    if (typeof flushSync === 'function') flushSync.call(this[TARGET])
  }
}

/** Writes or drops the held lines of a request that has ended. */
export function settleHeld(held: HeldLogLines, isWrong: boolean): void {
  safely(() => (isWrong ? held.flush() : held.discard()))
}

/** By the prototypes of loggers. */
const copies = new WeakMap<object, { readonly copy: PinoCopy | undefined }>()

function copyOf(logger: object): PinoCopy | undefined {
  const prototype: object = Object.getPrototypeOf(logger) ?? logger
  const known = copies.get(prototype)
  if (known !== undefined) return known.copy
  const copy = findCopy(logger)
  copies.set(prototype, { copy })
  return copy
}

/**
 * Returns a logger for a request that holds the lines from a level on that its base would not write; the base itself if that
 * writes them, writes nothing, or is not pino's.
 */
export function holdingLogger(
  record: RequestRecord,
  base: RequestLogger,
  level: Level | undefined,
): RequestLogger {
  return level === undefined ? base : holdLines(record, base, level)
}

/** Separate, so that a request whose lines are not held creates no closure. */
function holdLines(record: RequestRecord, base: RequestLogger, level: Level): RequestLogger {
  const isSilent = base.isLevelEnabled?.('fatal') !== true
  const copy = isSilent || base.isLevelEnabled?.(level) ? undefined : copyOf(base)
  if (copy === undefined) return base
  // A factory may give all requests the logger of the app, which inherits nothing that is particular to it.
  const family: object = Object.hasOwn(base, copy.stream) ? base : Object.getPrototypeOf(base)
  const parent = leveled(family, level)
  const target: unknown = Reflect.get(base, copy.stream)
  if (parent === undefined || typeof target !== 'object' || target === null) return base
  const held = new HeldLines(base, target as Destination)
  record.held = held
  const logger: Record<PropertyKey, unknown> = Object.create(parent)
  if (family !== base)
    for (const key of Reflect.ownKeys(base))
      if (!Object.hasOwn(parent, key)) logger[key] = Reflect.get(base, key)
  logger[copy.stream] = new HoldingStream(held, target as Destination, base)
  logger[BASE] = base
  return logger as unknown as RequestLogger
}

const leveledLoggers = new WeakMap<object, Map<Level, object | undefined>>()

/**
 * Returns a logger of a level for those of requests to inherit from, because giving each its own level, and inheriting from
 * each, take several times as long (`waybill, a debug line held` of `npm run bench`).
 */
function leveled(logger: object, level: Level): object | undefined {
  const known = leveledLoggers.get(logger) ?? new Map<Level, object | undefined>()
  leveledLoggers.set(logger, known)
  if (!known.has(level))
    known.set(
      level,
      attempt(() => Object.assign(Object.create(logger), { level }), undefined),
    )
  return known.get(level)
}
