import fs from 'node:fs'

const STDOUT = 1
const { O_WRONLY, O_APPEND, O_NOCTTY, O_NONBLOCK } = fs.constants

/**
 * A descriptor of stdout that never makes the service wait: when its reader stalls, a write says EAGAIN.
 *
 * A pipe is opened a second time, since the mode belongs to the opening and other processes may share the first.
 * Where that can't be done (a socket, another user's pipe, not Linux), Node.js makes descriptor 1 itself
 * non-blocking as soon as `process.stdout` is used. Files and terminals have no such mode.
 */
export function openStdout(): number {
  const kind = fs.fstatSync(STDOUT)
  if (kind.isFIFO()) {
    try {
      return fs.openSync('/proc/self/fd/1', O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK)
    } catch {
      // Goes on as for a socket.
    }
  }
  if (kind.isFIFO() || kind.isSocket()) void process.stdout
  return STDOUT
}
