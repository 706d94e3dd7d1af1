// Copies stdin to stdout, more slowly than it is written, so that a pipe in between is full most of the time.
import fs from 'node:fs'

const pause = new Int32Array(new SharedArrayBuffer(4))
const bytes = Buffer.alloc(3000)
for (let size = fs.readSync(0, bytes); size > 0; size = fs.readSync(0, bytes)) {
  fs.writeSync(1, bytes, 0, size)
  Atomics.wait(pause, 0, 0, 0.5)
}
