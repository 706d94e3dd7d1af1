// A real pipe between two processes; what Node.js gives its children is a socket.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Opens a pipe; gives its ends, which are for whoever opened it to close. */
export function openPipe() {
  const folder = fs.mkdtempSync(join(tmpdir(), 'pipe-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  // Neither end of a pipe opens without the other, but both at once do.
  const both = fs.openSync(path, 'r+')
  const ends = { read: fs.openSync(path, 'r'), write: fs.openSync(path, 'w') }
  fs.closeSync(both)
  fs.rmSync(folder, { recursive: true })
  return ends
}

/** Opens a pipe and hands its ends to a function; whoever it starts with them keeps them. */
export function withPipe(use) {
  const ends = openPipe()
  try {
    return use(ends)
  } finally {
    for (const descriptor of Object.values(ends)) fs.closeSync(descriptor)
  }
}
