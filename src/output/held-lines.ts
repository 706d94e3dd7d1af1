import { showValue, warnOnce } from '../errors.js'
import type { Destination, RequestLogger } from '../options.js'
import type { HeldLogLines } from '../request/parts.js'
import type { RequestRecord } from '../request/record.js'
import { attempt } from '../safely.js'
import { type Internals, METADATA } from './pino-internals.js'

/** What is held of one request, and of all requests of the process, in characters; the oldest lines go first. */
const MAX_LINES = 100
const MAX_OF_REQUEST = 65_536
const MAX_OF_PROCESS = 16 * 1_048_576

/** The held lines of a logger and its children. */
export const HELD = Symbol('waybill.held')
/** The stream that gets what is not held. */
const TARGET = Symbol('waybill.target')

/** Returns the logger whose level decides what is written: not one that only holds more, unless the app has set its level. */
export function baseOf(logger: RequestLogger): RequestLogger {
  const { [HELD]: held, levelVal } = logger as { readonly [HELD]?: HeldLines; readonly levelVal?: unknown }
  return held === undefined || levelVal !== held.level || held.hasOwnLevel ? logger : held.base
}

/** Whether a line that a logger is about to write is held back. */
export function isHeldBack(logger: object, level: number): boolean {
  const { [HELD]: held } = logger as { readonly [HELD]?: HeldLines }
  return held?.keeps(logger, level) === true
}

/** Returns the stream that a stream writes to. */
export function targetOf(stream: Destination & Internals): Destination & Internals {
  const target: unknown = stream[TARGET]
  return target === undefined ? stream : (target as Destination & Internals)
}

/** What pino says of a line to a stream that asks for it. */
interface Metadata {
  lastLevel: number
  lastObj: unknown
  lastMsg: unknown
  lastTime: unknown
  lastLogger: unknown
}

interface HeldLine {
  readonly line: string
  /** Undefined where the stream does not ask for it; without the logged object, which has no bounds. */
  readonly metadata: Metadata | undefined
}

/** Those of all requests that have lines, and their size. */
const all = new Set<HeldLines>()
let sizeOfAll = 0

/** The log lines of a request that are written only if something is wrong with it. */
export class HeldLines implements HeldLogLines {
  /** The logger of the request without held lines: its level decides what is written at once. */
  readonly base: RequestLogger
  /** The number of the level from which lines are held. */
  readonly level: number
  /** The logger that holds. */
  logger: RequestLogger
  readonly #record: RequestRecord
  readonly #target: Destination
  readonly #levelVal: symbol
  readonly #lines: HeldLine[] = []
  #size = 0
  #dropped = 0
  /** Whether lines are written at once from now on. */
  #isOpen = false
  /** Whether the request has ended: nothing would take later lines. */
  #isOver = false

  /** @param levelVal the key of a logger's own level */
  constructor(
    record: RequestRecord,
    base: RequestLogger,
    level: number,
    target: Destination,
    levelVal: symbol,
  ) {
    this.#levelVal = levelVal
    this.#record = record
    this.base = base
    this.logger = base
    this.level = level
    this.#target = target
  }

  /** Whether the app has set the level of the logger that holds. */
  get hasOwnLevel(): boolean {
    return Object.hasOwn(this.logger, this.#levelVal)
  }

  /** Whether a line is held back. */
  keeps(logger: object, level: number): boolean {
    return !this.#isOpen && level < Number((baseOf(logger as RequestLogger) as unknown as Internals).levelVal)
  }

  hold(line: string, metadata: Metadata | undefined): void {
    if (this.#isOver) return
    if (line.length > MAX_OF_REQUEST) {
      this.#dropped++
      return
    }
    this.#lines.push({ line, metadata })
    this.#count(line.length)
    all.add(this)
    while (this.#lines.length > MAX_LINES || this.#size > MAX_OF_REQUEST) this.#drop()
    for (const oldest of all) {
      if (sizeOfAll <= MAX_OF_PROCESS) break
      while (sizeOfAll > MAX_OF_PROCESS && oldest.#lines.length > 0) oldest.#drop()
    }
  }

  /** Writes the held lines, after a start that is held back, and all later lines at once; nothing if the app is silent by now. */
  flush(): void {
    const dropped = this.#dropped
    const lines = this.#takeAll()
    if (baseOf(this.logger).isLevelEnabled?.('fatal') !== true) return
    this.#isOpen = true
    this.#record.keeper.writeHeldStart(this.#record)
    if (dropped > 0) {
      const message = `${dropped} held log lines were dropped: a request keeps ${MAX_LINES} lines and 64 KiB, the process 16 MiB`
      attempt(() => this.logger.warn({ dropped }, message), undefined)
    }
    for (const { line, metadata } of lines) this.#write(line, metadata)
  }

  discard(): void {
    this.#isOver = true
    this.#takeAll()
  }

  /** Removes all lines, and returns them. */
  #takeAll(): HeldLine[] {
    this.#count(-this.#size)
    this.#dropped = 0
    all.delete(this)
    return this.#lines.splice(0)
  }

  #write(line: string, metadata: Metadata | undefined): void {
    try {
      writeTo(this.#target, line, metadata)
    } catch (error) {
      const why = `waybill: a log line is lost: its destination threw ${showValue(error)}`
      warnOnce('WAYBILL_WARN_EVENT_LOST', '', why)
    }
  }

  #drop(): void {
    const oldest = this.#lines.shift()
    if (oldest === undefined) return
    this.#dropped++
    this.#count(-oldest.line.length)
    // Its next line is the newest of all.
    if (this.#lines.length === 0) all.delete(this)
  }

  #count(change: number): void {
    this.#size += change
    sizeOfAll += change
  }
}

/** Writes a line; a stream that asks for metadata may choose another one by the level. */
function writeTo(target: Destination, line: string, metadata: Metadata | undefined): void {
  if (metadata !== undefined) Object.assign(target, metadata)
  target.write(line)
}

/** Takes the lines of a logger; pino says of each at which level it is. */
export class HoldingStream implements Destination, Metadata {
  readonly [METADATA] = true
  readonly [TARGET]: Destination & Internals
  lastLevel = 0
  lastObj: unknown = undefined
  lastMsg: unknown = undefined
  lastTime: unknown = undefined
  lastLogger: unknown = undefined
  readonly #held: HeldLines

  constructor(held: HeldLines, target: Destination) {
    this.#held = held
    this[TARGET] = target as Destination & Internals
  }

  write(line: string): void {
    const { lastLevel, lastObj, lastMsg, lastTime, lastLogger } = this
    const target = this[TARGET]
    const metadata =
      target[METADATA] === true ? { lastLevel, lastObj, lastMsg, lastTime, lastLogger } : undefined
    if (this.#held.keeps(Object(lastLogger), lastLevel))
      this.#held.hold(line, metadata && { ...metadata, lastObj: undefined })
    else writeTo(target, line, metadata)
    // Else it would keep what was logged for as long as the request.
    this.lastObj = undefined
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
