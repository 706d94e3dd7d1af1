import type { Destination, RequestLogger } from '../options.js'
import type { HeldLogLines } from '../request/parts.js'
import type { RequestRecord } from '../request/record.js'
import { attempt, safely } from '../safely.js'
import type { Level } from '../vocabulary.js'
import { HELD, HeldLines, HoldingStream } from './held-lines.js'
import { findCopy, type Internals, type PinoCopy } from './pino-internals.js'

/** Writes or drops the held lines of a request that has ended. */
export function settleHeld(held: HeldLogLines, isWrong: boolean): void {
  safely(() => {
    if (isWrong) held.flush()
    held.discard()
  })
}

/** The levels of a pino logger: its own by its number, and the numbers of all by their names. */
type Leveled = Internals & { readonly levelVal: unknown; readonly levels: { readonly values: Internals } }

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
  return attempt(() => {
    const isSilent = base.isLevelEnabled?.('fatal') !== true
    const copy = isSilent || base.isLevelEnabled?.(level) ? undefined : copyOf(base)
    const target: unknown = copy && (base as RequestLogger & Internals)[copy.stream]
    if (copy === undefined || typeof target !== 'object' || target === null) return base
    const { levels, levelVal } = base as RequestLogger & Leveled
    // Numbers of levels may descend.
    if (!(Number(levels.values[level]) < Number(levelVal))) return base
    const ancestors = ancestorsOf(base)
    const parent = parentOf(ancestors.at(-1) ?? base, level, copy)
    if (parent === undefined) return base
    const logger: RequestLogger & Record<PropertyKey, unknown> = Object.create(parent.logger)
    for (const each of ancestors.slice(0, -1).reverse()) copyProperties(logger, each, parent, copy)
    const held = new HeldLines(record, base, parent.level, target as Destination, copy.levelVal)
    held.logger = logger
    logger[copy.stream] = new HoldingStream(held, target as Destination)
    logger[HELD] = held
    record.held = held
    return logger
  }, base)
}

/** Returns a logger and those that it inherits from, up to the one that has levels of its own: that of the app. */
function ancestorsOf(logger: object): object[] {
  const found = [logger]
  for (let each = logger; !Object.hasOwn(each, 'levels'); ) {
    each = Object.getPrototypeOf(each)
    found.push(each)
  }
  return found
}

/** What the holding loggers of requests inherit from. */
interface HoldingParent {
  readonly logger: object
  /** The number of the level from which lines are held, and that of the app's logger when this was created. */
  readonly level: number
  readonly levelOfApp: unknown
  /** The method of levels that pino does not write. */
  readonly ignore: unknown
}

/** Undefined where children can't have a level of their own. */
const parents = new WeakMap<object, Map<Level, HoldingParent | undefined>>()

/**
 * Returns what the holding loggers of all requests inherit from, because setting the level of each, and inheriting from the
 * logger of each, take several times as long (`waybill, a debug line held` of `npm run bench`).
 */
function parentOf(app: object, level: Level, copy: PinoCopy): HoldingParent | undefined {
  const byLevel = parents.get(app) ?? new Map<Level, HoldingParent | undefined>()
  parents.set(app, byLevel)
  const known = byLevel.get(level)
  const isKnown =
    byLevel.has(level) && (known === undefined || known.levelOfApp === (app as Internals).levelVal)
  if (isKnown) return known
  const parent = attempt(() => createParent(app, level, copy), undefined)
  byLevel.set(level, parent)
  return parent
}

function createParent(app: object, level: Level, copy: PinoCopy): HoldingParent {
  const { levelVal, levels } = app as Leveled
  const held = Number(levels.values[level])
  const writing = childAt(app, level)
  const ignore = childAt(app, 'silent').info
  const logger: object = Object.create(app, { [copy.levelVal]: { value: held, writable: true } })
  for (const [name, number] of Object.entries(levels.values)) {
    const isHeld = Number(number) >= held
    if (isHeld && (app as Internals)[name] !== ignore) continue
    const value = isHeld ? methodOf(app, name, ignore, writing[name] as Method) : ignore
    Object.defineProperty(logger, name, { value, writable: true, configurable: true })
  }
  return { logger, level: held, levelOfApp: levelVal, ignore }
}

type Method = (...args: unknown[]) => void

/** Returns the method of a level that is held: what the app has put in its place since, else pino's. */
function methodOf(app: object, name: string, ignore: unknown, write: Method): Method {
  return function (this: unknown, ...args) {
    const { [name]: own } = app as Record<string, Method>
    const method = own === undefined || own === ignore ? write : own
    Reflect.apply(method, this, args)
  }
}

/** Creates a child with its own level; throws if that changes the level of the parent, as a replaced `child` may. */
function childAt(app: object, level: string): Internals {
  const logger = app as {
    level: string
    onChild?: unknown
    child(bindings: object, options: object): Internals
  }
  const { level: before, onChild } = logger
  const isOwn = Object.hasOwn(logger, 'onChild')
  // The app expects the loggers of its requests there.
  logger.onChild = () => {}
  const child = attempt(() => logger.child({}, { level }), undefined)
  if (isOwn) logger.onChild = onChild
  else delete logger.onChild
  if (child !== undefined && logger.level === before) return child
  logger.level = before
  throw new Error('a child with a level changes that of its parent')
}

/** Copies the properties of a logger that belong to its request, but for its level: methods of levels that it does not write. */
function copyProperties(
  logger: object,
  from: object,
  { ignore }: HoldingParent,
  { levelVal }: PinoCopy,
): void {
  for (const key of Reflect.ownKeys(from)) {
    const descriptor = Object.getOwnPropertyDescriptor(from, key)
    if (key === levelVal || descriptor === undefined || descriptor.value === ignore) continue
    Object.defineProperty(logger, key, descriptor)
  }
}
