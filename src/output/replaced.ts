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
/** How often to ask whether `process.stdout` exists, in milliseconds. */
const ASK_AGAIN = 100

/**
 * Finds out whether something has replaced `process.stdout.write`, or `process.stdout` itself, as pm2 in cluster mode,
 * test runners and their spies do.
 */
export class StandardStream {
  readonly #fd: StandardFd
  /** Whether creating the stream would make a pipe non-blocking for all processes that share it. */
  readonly #isShared: boolean
  #stream: Writable | undefined
  /** Whether the stream is the one that Node.js made, and the function by which that writes. */
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
      // In a worker thread, the stream of Node.js has no descriptor.
      this.#isOwn = stream !== undefined && (!isMainThread || (stream as { fd?: unknown }).fd === this.#fd)
      this.#ownWrite = this.#isOwn ? attempt(() => stream?.constructor.prototype.write, undefined) : undefined
    }
    return this.isReplaced() ? stream : undefined
  }

  /** Whether the stream that was found last has another `write` now: cheap enough to ask for each line. */
  isReplaced(): boolean {
    return this.#stream !== undefined && this.#stream.write !== this.#ownWrite
  }

  /** Whether reading `process.stdout` changes nothing, because it exists already or has no effect on the descriptor. */
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
 * Writes lines to a stream, a call for each, as `console.log` does: an error costs the lines, not the process.
 * @param onError is called for each error
 */
export function writeLines(stream: Writable, text: string, onError: (error: unknown) => void): void {
  const done = (error?: unknown): void => {
    if (typeof error !== 'object' || error === null) return
    // The event of this error follows, and would end the process if nothing listened.
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
 * Opens the pipe or terminal behind a descriptor a second time, so that it does not block: the mode belongs to the open
 * file, which other processes may share. Undefined where that fails: not on Linux, or another user's.
 */
export function openAgain(fd: StandardFd): number | undefined {
  const flags = O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK
  return attempt(() => fs.openSync(`/proc/self/fd/${fd}`, flags), undefined)
}

/** Writes a message to stderr, if that can be written; a terminal that is stopped gets none. */
export function writeToStderr(message: string): void {
  const replaced = new StandardStream(2).find()
  if (replaced !== undefined) {
    writeLines(replaced, message, () => {})
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

/** Whether a descriptor does not block, as Linux tells; true where it tells nothing. */
function isNonBlocking(fd: StandardFd): boolean {
  return attempt(() => {
    const flags = /^flags:\s*([0-7]+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1]
    return flags === undefined || (Number.parseInt(flags, 8) & fs.constants.O_NONBLOCK) !== 0
  }, true)
}
