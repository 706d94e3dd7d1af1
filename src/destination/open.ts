import fs from 'node:fs'
import { isLambda, isTerminal } from '../environment.js'
import { PIPE_BYTES } from '../vocabulary.js'

/** Where a writer writes. */
export interface Output {
  readonly fd: number
  /** Whether each line is written at once: to a terminal, so that it keeps its place among other output, and on AWS Lambda. */
  readonly atOnce: boolean
  /** What one write may hold, in bytes, so that no other process can write in between. */
  readonly maxWriteBytes: number
}

const STDOUT = 1
/** stdout and stderr. */
export type StandardFd = 1 | 2
const { O_WRONLY, O_APPEND, O_NOCTTY, O_NONBLOCK } = fs.constants

/** Opens stdout or stderr so that a stalled reader never blocks the service: a write then fails with EAGAIN. */
export function openStandard(fd: StandardFd): Output {
  const kind = fs.fstatSync(fd)
  if (!kind.isFIFO() && !kind.isSocket()) {
    return { fd, atOnce: isTerminal(fd) || isLambda(), maxWriteBytes: Number.POSITIVE_INFINITY }
  }
  return { fd: unblocked(fd, kind), atOnce: isLambda(), maxWriteBytes: PIPE_BYTES }
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
      // Goes on as for a socket.
    }
  }
  void (fd === STDOUT ? process.stdout : process.stderr)
  return fd
}
