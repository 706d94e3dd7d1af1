import fs from 'node:fs'
import { isatty } from 'node:tty'
import { attempt } from '../safely.js'
import { PIPE_BYTES } from '../vocabulary.js'

/** Where a writer writes. */
export interface Output {
  readonly fd: number
  /** Whether a line is written at once: for a person, who sees other output beside it, and where no turn may follow. */
  readonly atOnce: boolean
  /** What one write may hold, in bytes, so that no other process can write in between. */
  readonly maxWriteBytes: number
}

const STDOUT = 1
/** stdout and stderr. */
export type StandardFd = 1 | 2
const { O_WRONLY, O_APPEND, O_NOCTTY, O_NONBLOCK } = fs.constants

/** Opens stdout or stderr so that it never makes the service wait: when its reader stalls, a write says EAGAIN. */
export function openStandard(fd: StandardFd): Output {
  const kind = fs.fstatSync(fd)
  if (!kind.isFIFO() && !kind.isSocket()) {
    return { fd, atOnce: isatty(fd) || isFrozen(), maxWriteBytes: Number.POSITIVE_INFINITY }
  }
  return { fd: unblocked(fd, kind), atOnce: isFrozen(), maxWriteBytes: PIPE_BYTES }
}

/** Whether this process stands still between two requests: AWS Lambda lets it run while a handler does. */
function isFrozen(): boolean {
  return Boolean(process.env.AWS_LAMBDA_FUNCTION_NAME)
}

/** Whether a person sees what is written to stdout. */
export function isTerminal(): boolean {
  return isatty(STDOUT)
}

/** Whether stdout is a pipe. */
export function isPipe(): boolean {
  return attempt(() => fs.fstatSync(STDOUT).isFIFO(), false)
}

/** Whether stdout is the journal of systemd, which says so by its device and inode (systemd.exec(5)). */
export function isJournal(journalStream: string | undefined): boolean {
  if (journalStream === undefined) return false
  return attempt(() => {
    const { dev, ino } = fs.fstatSync(STDOUT)
    return journalStream === `${dev}:${ino}`
  }, false)
}

/**
 * A descriptor of stdout or stderr that does not block.
 *
 * A pipe is opened a second time, since the mode belongs to the opening and other processes may share the first.
 * Where that can't be done (a socket, another user's pipe, not Linux), Node.js makes the descriptor itself
 * non-blocking as soon as `process.stdout` is used. Files and terminals have no such mode.
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
