// A real pipe between two processes; Node.js gives its children sockets.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Opens a pipe and returns its ends, which the caller closes. */
export function openPipe() {
  const folder = fs.mkdtempSync(join(tmpdir(), 'pipe-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  // Opening one end of a named pipe blocks until the other is opened.
  const both = fs.openSync(path, 'r+')
  const ends = { read: fs.openSync(path, 'r'), write: fs.openSync(path, 'w') }
  fs.closeSync(both)
  fs.rmSync(folder, { recursive: true })
  return ends
}

/** Opens a pipe, passes its ends to a function and closes them; processes that it starts keep theirs. */
export function withPipe(use) {
  const ends = openPipe()
  try {
    return use(ends)
  } finally {
    for (const descriptor of Object.values(ends)) fs.closeSync(descriptor)
  }
}
