import fs from 'node:fs'
import { isLambda, isTerminal } from '../environment.js'
import { atExit } from '../exit.js'
import type { Destination } from '../options.js'
import { PIPE_BYTES } from '../vocabulary.js'
import { type StandardFd, StandardStream } from './replaced.js'
import { type HoldRules, LineWriter, type Output } from './writer.js'

/** How one of the loggers that write to stdout or stderr wants lines to be held; undefined keeps what another one set. */
export interface StandardRules {
  readonly maxHeldBytes: number | undefined
  readonly whenFull: HoldRules['whenFull'] | undefined
  readonly lossLine: HoldRules['lossLine']
}

const STDOUT = 1
const DEFAULT_HELD_BYTES = 8 * 1024 * 1024
const { O_WRONLY, O_APPEND, O_NOCTTY, O_NONBLOCK } = fs.constants

const writers = new Map<StandardFd, LineWriter>()

/** Returns the writer to stdout or stderr: one for all loggers of this process, so that their lines keep their order. */
export function standard(fd: StandardFd, { maxHeldBytes, whenFull, lossLine }: StandardRules): Destination {
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
function openStandard(fd: StandardFd): Output {
  const kind = fs.fstatSync(fd)
  const stream = new StandardStream(fd)
  if (!kind.isFIFO() && !kind.isSocket()) {
    return { fd, stream, atOnce: isTerminal(fd) || isLambda(), maxWriteBytes: Number.POSITIVE_INFINITY }
  }
  return { fd: unblocked(fd, kind), stream, atOnce: isLambda(), maxWriteBytes: PIPE_BYTES }
}

/**
 * A descriptor of stdout or stderr that does not block.
 *
 * A pipe is opened a second time, because the mode belongs to the open file, which other processes may share. Where that
 * fails (a socket, another user's pipe, not Linux), Node.js makes the descriptor itself non-blocking as soon as
 * `process.stdout` is used. Files and terminals have no such mode.
 */
function unblocked(fd: StandardFd, kind: fs.Stats): number {
  if (kind.isFIFO()) {
    try {
      return fs.openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK)
    } catch {
      // Continues as for a socket.
    }
  }
  void (fd === STDOUT ? process.stdout : process.stderr)
  return fd
}
