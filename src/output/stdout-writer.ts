import fs from 'node:fs'
import type { Writable } from 'node:stream'
import { elapsed, setImmediate, setTimeout } from '../clock.js'
import type { Destination } from '../options.js'
import { PendingLines } from './pending.js'
import { type StandardStream, writeEachLine, writeToStderr } from './replaced.js'

/** The descriptor that a writer writes to. */
export interface WriterTarget {
  readonly fd: number
  /** Node.js's stream for that descriptor; lines go through its `write` if that has been replaced. */
  readonly stream?: StandardStream
  /** Whether each line is written at once: on AWS Lambda, and to a terminal, to keep the order among other output. */
  readonly atOnce: boolean
  /** How many bytes one write may have, so that no other process can write in between. */
  readonly maxWriteBytes: number
}

/** What to do if the reader is slower than the log. */
export interface HoldRules {
  /** How many bytes of lines are held at most. */
  readonly maxHeldBytes: number
  /** Whether lines beyond that are dropped, or the service waits. */
  readonly whenFull: 'drop' | 'block'
  /** Returns the line that says how many lines were dropped. */
  readonly lossLine: (lines: number) => string
}

/** How long the process waits at exit while the reader takes nothing, in milliseconds. */
const MAX_WAIT_AT_EXIT = 5000
/** The delay before the next try if the reader took nothing, in milliseconds; it doubles from the first to the last. */
const FIRST_RETRY = 1
const LAST_RETRY = 32
/** How many characters to collect in one turn of the event loop: as much as a pipe holds. */
const LONG_TURN = 65_536
/** Memory that never changes: waiting for it sleeps without the event loop. */
const unchanging = new Int32Array(new SharedArrayBuffer(4))

/**
 * Writes whole lines to a descriptor, in order. The lines of one turn of the event loop are written together, because
 * each write is a system call.
 */
export class LineWriter implements Destination {
  rules: HoldRules
  /** Lines dropped so far. Once one is, all are until the reader has taken everything, so that there is a single gap. */
  #dropped = 0
  #scheduled = false
  /** Whether the reader took nothing at the last try, and when. */
  #stalled = false
  #triedAt = 0
  #retryAfter = FIRST_RETRY
  #closed = false
  /** How long the reader has taken nothing while the process exits, in milliseconds. */
  #waited = 0
  /** Whether a replaced `write` is running, which may log. */
  #isBusy = false
  #hasReported = false
  readonly #target: WriterTarget
  readonly #held = new PendingLines(LONG_TURN)

  constructor(target: WriterTarget, rules: HoldRules) {
    this.#target = target
    this.rules = rules
  }

  write(line: string): void {
    // Otherwise a replaced `write` that logs at exit would never end.
    if (this.#closed && this.#isBusy) return
    if (this.#isFull(line)) {
      if (this.rules.whenFull === 'drop' || this.#isBusy) {
        this.#dropped++
        return
      }
      this.#waitFor(this.rules.maxHeldBytes - line.length)
    }
    const collected = this.#held.add(line)
    if (this.#closed) this.close()
    else if (this.#isBusy ? !this.#scheduled : this.#isReplaced()) this.#flush()
    else if (this.#scheduled) {
      if (collected >= LONG_TURN && !this.#stalled) this.#drain()
    } else if (this.#target.atOnce) this.#flush()
    else {
      this.#scheduled = true
      setImmediate(this.#flush)
    }
  }

  /** Whether the stream's `write` has been replaced; a new stream is noticed at the first line of a turn. */
  #isReplaced(): boolean {
    const { stream } = this.#target
    if (stream === undefined) return false
    return this.#scheduled ? stream.isReplaced() : stream.find() !== undefined
  }

  /** Whether there is no room for a line, even after another try to write. */
  #isFull(line: string): boolean {
    if (this.#hasRoom(line)) return false
    if (this.#stalled && elapsed() - this.#triedAt < this.#retryAfter) return true
    this.#drain()
    return !this.#hasRoom(line)
  }

  #hasRoom(line: string): boolean {
    return this.#dropped === 0 && this.#held.size + line.length <= this.rules.maxHeldBytes
  }

  /** Writes everything held, waiting for a slow reader. From then on, `write` writes each line before it returns. */
  close(): void {
    this.#closed = true
    // A replaced `write` has ended the process and takes no more.
    if (this.#isBusy) return
    while (!this.#drain() && this.#waited < MAX_WAIT_AT_EXIT) {
      if (this.#retryAfter === FIRST_RETRY) this.#waited = 0
      const pausedAt = elapsed()
      this.#pause()
      this.#waited += elapsed() - pausedAt
    }
    if (this.#held.size === 0) return
    this.#reportLoss(`stdout was not read for ${MAX_WAIT_AT_EXIT} ms`)
    this.#held.removeAll()
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    if (this.#drain()) return
    this.#scheduled = true
    // The timer does not keep the process alive, because the rest is written at exit.
    setTimeout(this.#flush, this.#retryAfter).unref()
    this.#retryAfter = Math.min(this.#retryAfter * 2, LAST_RETRY)
  }

  /** Blocks the process until at most so many bytes are held. */
  #waitFor(bytes: number): void {
    while (!this.#drain() && this.#held.size > bytes) this.#pause()
  }

  #pause(): void {
    Atomics.wait(unchanging, 0, 0, this.#retryAfter)
    this.#retryAfter = Math.min(this.#retryAfter * 2, LAST_RETRY)
  }

  /** Writes what the reader takes now; returns whether that was everything. */
  #drain(): boolean {
    if (this.#isBusy) return false
    const replaced = this.#target.stream?.find()
    if (replaced !== undefined) return this.#writeToStream(replaced)
    while (this.#held.size > 0) {
      this.#stalled = !this.#held.give(this.#target.maxWriteBytes, this.#writeSome)
      if (this.#stalled) {
        this.#triedAt = elapsed()
        return false
      }
      this.#retryAfter = FIRST_RETRY
      if (this.#held.size === 0 && this.#dropped > 0) this.#held.add(this.#lossLine())
    }
    return true
  }

  /** Writes everything held through the `write` of a stream. */
  #writeToStream(stream: Writable): boolean {
    const text = this.#held.removeAll() + (this.#dropped > 0 ? this.#lossLine() : '')
    this.#stalled = false
    this.#retryAfter = FIRST_RETRY
    this.#isBusy = true
    writeEachLine(stream, text, this.#onError)
    this.#isBusy = false
    return true
  }

  /** Returns the line about the dropped lines, and resets their count. */
  #lossLine(): string {
    const dropped = this.#dropped
    this.#dropped = 0
    return this.rules.lossLine(dropped)
  }

  /** Writes as many bytes as the reader takes now. */
  readonly #writeSome = (chunk: Buffer, offset: number, length: number): number | undefined => {
    try {
      return fs.writeSync(this.#target.fd, chunk, offset, length)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN' || code === 'EINTR') return 0
      this.#onError(error)
      return undefined
    }
  }

  readonly #onError = (error: unknown): void => this.#reportLoss(`stdout can't be written, ${String(error)}`)

  /** Reports on stderr, once, that lines are lost. */
  #reportLoss(why: string): void {
    if (this.#hasReported) return
    this.#hasReported = true
    const wasBusy = this.#isBusy
    this.#isBusy = true
    writeToStderr(`waybill: log lines are lost: ${why}\n`)
    this.#isBusy = wasBusy
  }
}
