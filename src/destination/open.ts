import fs from 'node:fs'
import { isatty } from 'node:tty'
import { PIPE_BYTES } from '../vocabulary.js'

/** Where a writer writes. */
export interface Output {
  readonly fd: number
  /** Whether a person reads it, who sees other output beside it. */
  readonly isTerminal: boolean
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
    return { fd, isTerminal: isatty(fd), maxWriteBytes: Number.POSITIVE_INFINITY }
  }
  return { fd: unblocked(fd, kind), isTerminal: false, maxWriteBytes: PIPE_BYTES }
}

/** Whether a person sees what is written to stdout. */
export function isTerminal(): boolean {
  return isatty(STDOUT)
}

/** Whether stdout is a pipe. */
export function isPipe(): boolean {
  return fs.fstatSync(STDOUT).isFIFO()
}

/** Whether stdout is the journal of systemd, which says so by its device and inode (systemd.exec(5)). */
export function isJournal(journalStream: string | undefined): boolean {
  if (journalStream === undefined) return false
  const { dev, ino } = fs.fstatSync(STDOUT)
  return journalStream === `${dev}:${ino}`
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
