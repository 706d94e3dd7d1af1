import fs from 'node:fs'
import type { Writable } from 'node:stream'
import { elapsed, setImmediate, setTimeout } from '../clock.js'
import type { Destination } from '../options.js'
import { HeldLines } from './held.js'
import { type StandardStream, writeLines, writeToStderr } from './replaced.js'

/** Where a writer writes. */
export interface Output {
  readonly fd: number
  /** The stream of Node.js for that descriptor; lines go through its `write` where that has been replaced. */
  readonly stream?: StandardStream
  /** Whether each line is written at once: to a terminal, so that it keeps its place among other output, and on AWS Lambda. */
  readonly atOnce: boolean
  /** How many bytes one write may hold, so that no other process can write in between. */
  readonly maxWriteBytes: number
}

/** What to do when a reader takes less than is written. */
export interface HoldRules {
  /** How many bytes of lines are held for it. */
  readonly maxHeldBytes: number
  /** Whether lines beyond that are dropped, or the service waits. */
  readonly whenFull: 'drop' | 'block'
  /** Makes the line that says how many lines were dropped. */
  readonly lossLine: (lines: number) => string
}

/** How long the process waits at exit for a reader that takes nothing, in milliseconds. */
const MAX_WAIT_AT_EXIT = 5000
/** When to try a reader again that took nothing, in milliseconds; the delay doubles from the first to the last. */
const FIRST_RETRY = 1
const LAST_RETRY = 32
/** How many characters of lines to collect in one turn of the event loop: as much as a pipe takes. */
const LONG_TURN = 65_536
/** Memory that never changes: waiting for it is a sleep without the event loop. */
const unchanging = new Int32Array(new SharedArrayBuffer(4))

/**
 * Writes whole lines to a descriptor, in order. The lines of one turn of the event loop are written together, because
 * each write is a system call.
 */
export class LineWriter implements Destination {
  rules: HoldRules
  /** Lines dropped since the reader last took everything; until it does so again all are, to leave a single gap. */
  #dropped = 0
  #scheduled = false
  /** Whether the reader took nothing at the last try, and when that was. */
  #stalled = false
  #triedAt = 0
  #retryAfter = FIRST_RETRY
  #closed = false
  /** How long the reader has taken nothing while the process exits, in milliseconds. */
  #waited = 0
  /** Whether a replaced `write` is running, which may log. */
  #isBusy = false
  #complained = false
  readonly #output: Output
  readonly #held = new HeldLines(LONG_TURN)

  constructor(output: Output, rules: HoldRules) {
    this.#output = output
    this.rules = rules
  }

  write(line: string): void {
    // A replaced `write` that logs at exit would never end.
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
    } else if (this.#output.atOnce) this.#flush()
    else {
      this.#scheduled = true
      setImmediate(this.#flush)
    }
  }

  /** Whether the stream's `write` has been replaced; a new stream is noticed at the first line of a turn. */
  #isReplaced(): boolean {
    const { stream } = this.#output
    if (stream === undefined) return false
    return this.#scheduled ? stream.isReplaced() : stream.find() !== undefined
  }

  /** Whether there is no room for a line, even after the reader has taken what it can. */
  #isFull(line: string): boolean {
    const isFull = (): boolean => this.#dropped > 0 || this.#held.size + line.length > this.rules.maxHeldBytes
    if (!isFull()) return false
    if (this.#stalled && elapsed() - this.#triedAt < this.#retryAfter) return true
    this.#drain()
    return isFull()
  }

  /** Writes everything accepted, waiting for a slow reader; each later line is then written before `write` returns. */
  close(): void {
    this.#closed = true
    // A replaced `write` has ended the process: it takes no more.
    if (this.#isBusy) return
    while (!this.#drain() && this.#waited < MAX_WAIT_AT_EXIT) {
      if (this.#retryAfter === FIRST_RETRY) this.#waited = 0
      const pausedAt = elapsed()
      this.#pause()
      this.#waited += elapsed() - pausedAt
    }
    if (this.#held.size === 0) return
    this.#complain(`nobody has read stdout for ${MAX_WAIT_AT_EXIT} ms`)
    this.#held.removeAll()
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    if (this.#drain()) return
    this.#scheduled = true
    // It does not keep the process alive: the rest is written at exit.
    setTimeout(this.#flush, this.#retryAfter).unref()
    this.#retryAfter = Math.min(this.#retryAfter * 2, LAST_RETRY)
  }

  /** Blocks the service until no more than so many bytes are held. */
  #waitFor(bytes: number): void {
    while (!this.#drain() && this.#held.size > bytes) this.#pause()
  }

  #pause(): void {
    Atomics.wait(unchanging, 0, 0, this.#retryAfter)
    this.#retryAfter = Math.min(this.#retryAfter * 2, LAST_RETRY)
  }

  /** Writes as much as the reader takes now; returns whether that was everything. */
  #drain(): boolean {
    if (this.#isBusy) return false
    const replaced = this.#output.stream?.find()
    if (replaced !== undefined) return this.#handOver(replaced)
    while (this.#held.size > 0) {
      this.#stalled = !this.#held.give(this.#output.maxWriteBytes, this.#writeSome)
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
  #handOver(stream: Writable): boolean {
    const text = this.#held.removeAll() + (this.#dropped > 0 ? this.#lossLine() : '')
    this.#stalled = false
    this.#retryAfter = FIRST_RETRY
    this.#isBusy = true
    writeLines(stream, text, this.#onError)
    this.#isBusy = false
    return true
  }

  /** Makes the line about the lines dropped since the last one. */
  #lossLine(): string {
    const dropped = this.#dropped
    this.#dropped = 0
    return this.rules.lossLine(dropped)
  }

  /** Writes as many bytes as the reader takes now. */
  readonly #writeSome = (chunk: Buffer, offset: number, length: number): number | undefined => {
    try {
      return fs.writeSync(this.#output.fd, chunk, offset, length)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN' || code === 'EINTR') return 0
      this.#onError(error)
      return undefined
    }
  }

  readonly #onError = (error: unknown): void => this.#complain(`stdout can't be written, ${String(error)}`)

  /** Says on stderr, once, that lines are lost. */
  #complain(why: string): void {
    if (this.#complained) return
    this.#complained = true
    const wasBusy = this.#isBusy
    this.#isBusy = true
    writeToStderr(`waybill: log lines are lost: ${why}\n`)
    this.#isBusy = wasBusy
  }
}
