import fs from 'node:fs'
import { isLambda, isTerminal } from '../environment.js'
import { atExit } from '../exit.js'
import type { Destination } from '../options.js'
import { PIPE_BYTES } from '../vocabulary.js'
import { openAgain, type StandardFd, StandardStream } from './replaced.js'
import { type HoldRules, LineWriter, type WriterTarget } from './stdout-writer.js'

/** How a logger wants lines to be held for stdout or stderr; undefined keeps the setting of another logger. */
export interface StandardRules {
  readonly maxHeldBytes: number | undefined
  readonly whenFull: HoldRules['whenFull'] | undefined
  readonly lossLine: HoldRules['lossLine']
}

const STDOUT = 1
const DEFAULT_HELD_BYTES = 8 * 1024 * 1024

const writers = new Map<StandardFd, LineWriter>()

/** Returns the writer to stdout or stderr, one for all loggers of the process, so that their lines keep their order. */
export function standardWriter(
  fd: StandardFd,
  { maxHeldBytes, whenFull, lossLine }: StandardRules,
): Destination {
  const writer = writers.get(fd) ?? openWriter(fd, lossLine)
  const { rules } = writer
  writer.rules = {
    maxHeldBytes: maxHeldBytes ?? rules.maxHeldBytes,
    whenFull: whenFull ?? rules.whenFull,
    lossLine,
  }
  return writer
}

function openWriter(fd: StandardFd, lossLine: HoldRules['lossLine']): LineWriter {
  const rules: HoldRules = { maxHeldBytes: DEFAULT_HELD_BYTES, whenFull: 'drop', lossLine }
  const opened = new LineWriter(openStandard(fd), rules)
  writers.set(fd, opened)
  atExit(() => opened.close())
  return opened
}

/** Opens stdout or stderr so that a stalled reader never blocks the service: a write then fails with EAGAIN. */
function openStandard(fd: StandardFd): WriterTarget {
  const kind = fs.fstatSync(fd)
  const stream = new StandardStream(fd)
  if (!kind.isFIFO() && !kind.isSocket()) {
    const terminal = isTerminal(fd)
    // Ctrl-S stops a terminal.
    const own = terminal ? (openAgain(fd) ?? fd) : fd
    return { fd: own, stream, atOnce: terminal || isLambda(), maxWriteBytes: Number.POSITIVE_INFINITY }
  }
  return { fd: unblocked(fd, kind), stream, atOnce: isLambda(), maxWriteBytes: PIPE_BYTES }
}

/**
 * Returns a non-blocking descriptor for a pipe or socket. If a pipe can't be opened again, and for a socket, Node.js makes
 * the descriptor itself non-blocking as soon as `process.stdout` is read.
 */
function unblocked(fd: StandardFd, kind: fs.Stats): number {
  const own = kind.isFIFO() ? openAgain(fd) : undefined
  if (own !== undefined) return own
  void (fd === STDOUT ? process.stdout : process.stderr)
  return fd
}
