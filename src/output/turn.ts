import { setImmediate } from '../clock.js'
import { showValue, warnOnce } from '../errors.js'
import { atExit } from '../exit.js'
import type { Destination } from '../options.js'
import { attempt } from '../safely.js'
import { collects, SETTLING } from './pino-internals.js'

/** How many characters of lines to collect in one turn of the event loop: as much as a pipe takes. */
const LONG_TURN = 65_536

type Method = (...args: unknown[]) => unknown

/**
 * The lines of one turn of the event loop that go to a stream of pino's, which makes a system call of each piece that it
 * is given. Whatever else is written to the stream, or flushes it, comes behind them.
 */
class Turn {
  #lines = ''
  #scheduled = false
  readonly #write: (lines: string) => void

  constructor(stream: Destination) {
    const write = Reflect.get(stream, 'write') as Method
    this.#write = (lines) => {
      Reflect.apply(write, stream, [lines])
    }
    for (const name of SETTLING) {
      const method = Reflect.get(stream, name) as Method
      const settle = (...args: unknown[]): unknown => {
        this.flush()
        return Reflect.apply(method, stream, args)
      }
      Object.defineProperty(stream, name, { value: settle, writable: true, configurable: true })
    }
  }

  add(line: string): void {
    this.#lines += line
    if (isExiting || this.#lines.length >= LONG_TURN) this.flush()
    else if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        this.flush()
      })
    }
  }

  flush(): void {
    const lines = this.#lines
    if (lines === '') return
    this.#lines = ''
    try {
      this.#write(lines)
    } catch (error) {
      const why = `waybill: log lines are lost: the logger's stream threw ${showValue(error)}`
      warnOnce('WAYBILL_WARN_EVENT_LOST', '', why)
    }
  }
}

const turns = new WeakMap<Destination, Turn | null>()
let isExiting = false

/** Writes a line to the stream of a logger: at the end of the turn, if the stream itself writes later. */
export function writeInTurn(stream: Destination, line: string): void {
  let turn = turns.get(stream)
  if (turn === undefined) {
    turn = collects(stream) ? new Turn(stream) : null
    turns.set(stream, turn)
    if (turn !== null) flushAtExit(new WeakRef(turn), new WeakRef(stream))
  }
  if (turn === null) stream.write(line)
  else turn.add(line)
}

function flushAtExit(turn: WeakRef<Turn>, stream: WeakRef<Destination & { flushSync?(): void }>): void {
  atExit(() => {
    isExiting = true
    turn.deref()?.flush()
    // Behind the tasks that are there by now, which write the completions of open requests.
    atExit(() => attempt(() => stream.deref()?.flushSync?.(), undefined))
  })
}
