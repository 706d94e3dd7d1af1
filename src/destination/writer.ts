import fs from 'node:fs'
import type { Destination } from '../options.js'
import type { Output } from './open.js'

/** What to do when a reader takes less than is written. */
export interface HoldRules {
  /** How many bytes of lines are held for it. */
  readonly maxHeldBytes: number
  /** Whether lines beyond that are dropped, or the service waits. */
  readonly whenFull: 'drop' | 'block'
  /** The line that says how many lines were dropped. */
  readonly lossLine: (lines: number) => string
}

/** How long the end of the process waits for a reader that takes nothing, in milliseconds. */
const MAX_WAIT_AT_EXIT = 5000
/** How long a reader that takes nothing is left alone, in milliseconds; from the first to the last it doubles. */
const FIRST_RETRY = 1
const LAST_RETRY = 32
/** A turn of the event loop that writes more is not waited for: a pipe takes no more at once. */
const LONG_TURN = 65_536
const STDERR = 2
const NEWLINE = Buffer.from('\n')
const NEWLINE_BYTE = 10
/** What nobody ever wakes: the one way to wait without the event loop. */
const pause = new Int32Array(new SharedArrayBuffer(4))

/**
 * Writes whole lines to a descriptor, in order. What one turn of the event loop brings is written together, since a
 * write a line costs more than all else that a line costs (7 µs a request against 1).
 */
export class LineWriter implements Destination {
  rules: HoldRules
  /** Lines of this turn. */
  #lines = ''
  /** What the reader has not taken yet; it comes before the lines. */
  #chunks: Buffer[] = []
  /** How much of the first chunk has been written. */
  #written = 0
  /** The size of both. */
  #held = 0
  /** Lines dropped since the reader last took everything; until it does so again all are, so that the gap is one. */
  #dropped = 0
  /** Whether the beginning of the first chunk has been written, or has been made a line of its own. */
  #begun = false
  /** Whether the output ends within a line. */
  #midLine = false
  #scheduled = false
  /** Whether the reader took nothing when it was tried last, and when that was. */
  #stalled = false
  #triedAt = 0
  #retryAfter = FIRST_RETRY
  #closed = false
  /** How long the reader has taken nothing at the end, in milliseconds. */
  #waited = 0
  #complained = false
  readonly #output: Output

  constructor(output: Output, rules: HoldRules) {
    this.#output = output
    this.rules = rules
  }

  write(line: string): void {
    if (this.#isFull(line)) {
      if (this.rules.whenFull === 'drop') {
        this.#dropped++
        return
      }
      this.#waitFor(this.rules.maxHeldBytes - line.length)
    }
    this.#lines += line
    this.#held += line.length
    if (this.#closed) this.close()
    else if (this.#scheduled) {
      if (this.#lines.length >= LONG_TURN && !this.#stalled) this.#drain()
    } else if (this.#output.atOnce) this.#flush()
    else {
      this.#scheduled = true
      setImmediate(this.#flush)
    }
  }

  /** Whether there is no room for a line, even after the reader was given what it takes. */
  #isFull(line: string): boolean {
    const isFull = (): boolean => this.#dropped > 0 || this.#held + line.length > this.rules.maxHeldBytes
    if (!isFull()) return false
    if (this.#stalled && performance.now() - this.#triedAt < this.#retryAfter) return true
    this.#drain()
    return isFull()
  }

  /** Writes all that was accepted, waiting for a reader that is slow; from now on no line is accepted before that. */
  close(): void {
    this.#closed = true
    while (!this.#drain() && this.#waited < MAX_WAIT_AT_EXIT) {
      this.#waited = this.#retryAfter === FIRST_RETRY ? 0 : this.#waited + this.#retryAfter
      this.#pause()
    }
    if (this.#held === 0) return
    this.#complain(`nobody has read stdout for ${MAX_WAIT_AT_EXIT} ms`)
    this.#chunks = []
    this.#written = 0
    this.#held = 0
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    if (this.#drain()) return
    this.#scheduled = true
    // Not what keeps a process alive: what is left is written when it ends.
    setTimeout(this.#flush, this.#retryAfter).unref()
    this.#retryAfter = Math.min(this.#retryAfter * 2, LAST_RETRY)
  }

  /** Waits, with all that the service does, until no more than so many bytes are held. */
  #waitFor(bytes: number): void {
    while (!this.#drain() && this.#held > bytes) this.#pause()
  }

  #pause(): void {
    Atomics.wait(pause, 0, 0, this.#retryAfter)
    this.#retryAfter = Math.min(this.#retryAfter * 2, LAST_RETRY)
  }

  /** Hands over what the reader takes now; whether that was all. */
  #drain(): boolean {
    this.#collect()
    for (let chunk = this.#first(); chunk !== undefined; chunk = this.#first()) {
      const written = this.#writeSome(chunk)
      this.#stalled = written === 0
      if (this.#stalled) {
        this.#triedAt = performance.now()
        return false
      }
      this.#retryAfter = FIRST_RETRY
      this.#held -= written
      this.#written += written
      const isDone = this.#written === chunk.length
      this.#begun = !isDone && this.#midLine
      if (isDone) {
        this.#chunks.shift()
        this.#written = 0
      }
      if (this.#held === 0 && this.#dropped > 0) {
        this.#lines = this.rules.lossLine(this.#dropped)
        this.#held = this.#lines.length
        this.#dropped = 0
        this.#collect()
      }
    }
    return true
  }

  /** What is to be written next: on a line of its own, when the rest of the one before was lost. */
  #first(): Buffer | undefined {
    const chunk = this.#chunks[0]
    if (chunk === undefined || this.#begun || !this.#midLine) return chunk
    this.#begun = true
    this.#held += 1
    this.#chunks[0] = Buffer.concat([NEWLINE, chunk.subarray(this.#written)])
    this.#written = 0
    return this.#chunks[0]
  }

  /** Turns the lines of this turn into bytes: a long text in many pieces takes several times its size. */
  #collect(): void {
    if (this.#lines === '') return
    const chunk = Buffer.from(this.#lines)
    this.#held += chunk.length - this.#lines.length
    this.#lines = ''
    this.#chunks.push(chunk)
  }

  /** Writes the beginning of a chunk, as much as the reader takes; 0 when it takes nothing now. */
  #writeSome(chunk: Buffer): number {
    try {
      const length = wholeLines(chunk, this.#written, this.#output.maxWriteBytes)
      const written = fs.writeSync(this.#output.fd, chunk, this.#written, length)
      if (written > 0) this.#midLine = written < length
      return written
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN' || code === 'EINTR') return 0
      this.#complain(`stdout can't be written, ${String(error)}`)
      return chunk.length - this.#written
    }
  }

  /** Says once, where it can still be read, that lines are lost. */
  #complain(why: string): void {
    if (this.#complained) return
    this.#complained = true
    try {
      fs.writeSync(STDERR, `waybill: log lines are lost: ${why}\n`)
    } catch {
      // Nobody is left to tell.
    }
  }
}

/** How much of a chunk goes into one write, from a place on: as many whole lines as fit, or a longer one by itself. */
function wholeLines(chunk: Buffer, from: number, maxBytes: number): number {
  if (chunk.length - from <= maxBytes) return chunk.length - from
  const last = chunk.lastIndexOf(NEWLINE_BYTE, from + maxBytes - 1)
  return 1 - from + (last >= from ? last : chunk.indexOf(NEWLINE_BYTE, from))
}
