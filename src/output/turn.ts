import { setImmediate } from '../clock.js'
import { showValue, warnOnce } from '../errors.js'
import { atExit } from '../exit.js'
import type { Destination } from '../options.js'
import { attempt } from '../safely.js'
import { FLUSHING_METHODS, writeSynchronously, writesLater } from './pino-internals.js'

/** How many characters to collect in one turn of the event loop: as much as a pipe holds. */
const LONG_TURN = 65_536

type Method = (...args: unknown[]) => unknown

/**
 * Collects the lines of one turn of the event loop for a pino stream, because it makes a system call per write. Other
 * writes and flushes of the stream come after them.
 */
class Turn {
  /** The stream's `write`, unless it was replaced later. */
  readonly written: unknown
  #lines = ''
  #scheduled = false
  readonly #write: (lines: string, atOnce: boolean) => void

  constructor(stream: Destination) {
    const write = Reflect.get(stream, 'write') as Method
    this.#write = (lines, atOnce) => {
      if (atOnce) writeSynchronously(stream, () => Reflect.apply(write, stream, [lines]))
      else Reflect.apply(write, stream, [lines])
    }
    for (const name of FLUSHING_METHODS) {
      const method = Reflect.get(stream, name) as Method
      const flushFirst = (...args: unknown[]): unknown => {
        this.flush(name === 'flushSync')
        return Reflect.apply(method, stream, args)
      }
      Object.defineProperty(stream, name, { value: flushFirst, writable: true, configurable: true })
    }
    this.written = stream.write
  }

  add(line: string): void {
    this.#lines += line
    if (isExiting || this.#lines.length >= LONG_TURN) this.flush(isExiting)
    else if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        this.flush()
      })
    }
  }

  /** @param atOnce whether an asynchronous write would come too late */
  flush(atOnce = false): void {
    const lines = this.#lines
    if (lines === '') return
    this.#lines = ''
    try {
      this.#write(lines, atOnce)
    } catch (error) {
      const why = `waybill: log lines are lost: the logger's stream threw ${showValue(error)}`
      warnOnce('WAYBILL_WARN_EVENT_LOST', '', why)
    }
  }
}

const turns = new WeakMap<Destination, Turn | null>()
let isExiting = false

/** Writes a line to a logger's stream, at the end of the turn if the stream itself writes asynchronously. */
export function writeInTurn(stream: Destination, line: string): void {
  let turn = turns.get(stream)
  if (turn === undefined) {
    turn = writesLater(stream) ? new Turn(stream) : null
    turns.set(stream, turn)
    if (turn !== null) flushAtExit(new WeakRef(turn), new WeakRef(stream))
  }
  if (turn !== null && stream.write === turn.written) {
    turn.add(line)
    return
  }
  // What has replaced it later gets every line.
  turn?.flush()
  stream.write(line)
}

function flushAtExit(turn: WeakRef<Turn>, stream: WeakRef<Destination & { flushSync?(): void }>): void {
  atExit(() => {
    isExiting = true
    turn.deref()?.flush(true)
    // After the tasks registered so far, which write the completions of open requests.
    atExit(() => attempt(() => stream.deref()?.flushSync?.(), undefined))
  })
}
