import fs from 'node:fs'
import type { Writable } from 'node:stream'
import { isMainThread } from 'node:worker_threads'
import { elapsed } from '../clock.js'
import { isTerminal } from '../environment.js'
import { attempt } from '../safely.js'

/** stdout or stderr. */
export type StandardFd = 1 | 2

const NAMES = { 1: 'stdout', 2: 'stderr' } as const
/** Node.js creates `process.stdout` when it is first read. */
const getters = { 1: getterOf(1), 2: getterOf(2) }
/** How often to check whether `process.stdout` exists, in milliseconds. */
const ASK_AGAIN = 100

/**
 * Detects whether something has replaced `process.stdout.write`, or `process.stdout` itself, as pm2 in cluster mode, test
 * runners and spies do.
 */
export class StandardStream {
  readonly #fd: StandardFd
  /** Whether creating the stream would make a pipe non-blocking for all processes that share it. */
  readonly #isShared: boolean
  #stream: Writable | undefined
  /** Whether the stream is the one that Node.js created, and its original `write`. */
  #isOwn = false
  #ownWrite: unknown
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(fd: StandardFd) {
    this.#fd = fd
    this.#isShared = attempt(() => fs.fstatSync(fd).isFIFO(), false)
  }

  /** The stream to write to in place of the descriptor; undefined if nothing was replaced. */
  find(): Writable | undefined {
    const stream = this.#isOwn || this.#isSafeToRead() ? read(this.#fd) : undefined
    if (stream !== this.#stream) {
      this.#stream = stream
      // In a worker thread, Node.js's stream has no descriptor.
      this.#isOwn = stream !== undefined && (!isMainThread || (stream as { fd?: unknown }).fd === this.#fd)
      this.#ownWrite = this.#isOwn ? attempt(() => stream?.constructor.prototype.write, undefined) : undefined
    }
    return this.isReplaced() ? stream : undefined
  }

  /** Whether the stream that was found last has another `write` now; cheap enough for every line. */
  isReplaced(): boolean {
    return this.#stream !== undefined && this.#stream.write !== this.#ownWrite
  }

  /** Whether reading `process.stdout` is safe, because it exists already or creating it does not change the descriptor. */
  #isSafeToRead(): boolean {
    if (!this.#isShared) return true
    const getter = getterOf(this.#fd)
    if (getter === undefined || getter !== getters[this.#fd]) return true
    const now = elapsed()
    if (now - this.#askedAt < ASK_AGAIN) return false
    this.#askedAt = now
    return isNonBlocking(this.#fd)
  }
}

/**
 * Writes lines to a stream, one call each, as `console.log` does: an error loses lines and does not end the process.
 * @param onError called with each error
 */
export function writeEachLine(stream: Writable, text: string, onError: (error: unknown) => void): void {
  const done = (error?: unknown): void => {
    if (typeof error !== 'object' || error === null) return
    // The error event follows, and would end the process without a listener.
    attempt(() => stream.listenerCount('error') === 0 && stream.once('error', () => {}), undefined)
    onError(error)
  }
  for (const line of text.split(/(?<=\n)/)) {
    try {
      if (line !== '') stream.write(line, done)
    } catch (error) {
      onError(error)
    }
  }
}

const { O_WRONLY, O_APPEND, O_NOCTTY, O_NONBLOCK } = fs.constants

/**
 * Opens the pipe or terminal of a descriptor again, in non-blocking mode, because the mode of the first open file may be
 * shared with other processes. Returns undefined if that fails: not on Linux, or another user's file.
 */
export function openAgain(fd: StandardFd): number | undefined {
  const flags = O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK
  return attempt(() => fs.openSync(`/proc/self/fd/${fd}`, flags), undefined)
}

/** Writes a message to stderr if possible; a stopped terminal gets none. */
export function writeToStderr(message: string): void {
  const replaced = new StandardStream(2).find()
  if (replaced !== undefined) {
    writeEachLine(replaced, message, () => {})
    return
  }
  const own = isTerminal(2) ? openAgain(2) : undefined
  attempt(() => fs.writeSync(own ?? 2, message), 0)
  if (own !== undefined) attempt(() => fs.closeSync(own), undefined)
}

function read(fd: StandardFd): Writable | undefined {
  const stream = attempt((): Writable | undefined => process[NAMES[fd]], undefined)
  return typeof stream?.write === 'function' ? stream : undefined
}

function getterOf(fd: StandardFd): unknown {
  return Object.getOwnPropertyDescriptor(process, NAMES[fd])?.get
}

/** Whether a descriptor is non-blocking, as Linux reports; true if it reports nothing. */
function isNonBlocking(fd: StandardFd): boolean {
  return attempt(() => {
    const flags = /^flags:\s*([0-7]+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1]
    return flags === undefined || (Number.parseInt(flags, 8) & fs.constants.O_NONBLOCK) !== 0
  }, true)
}
