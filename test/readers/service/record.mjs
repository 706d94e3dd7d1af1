// Preloaded into the service: keeps what its stdout took, byte by byte, in the file that RECORD names.
import fs from 'node:fs'

const record = fs.openSync(process.env.RECORD, 'w')
const stdout = fs.fstatSync(1)
const { writeSync } = fs

fs.writeSync = (fd, ...rest) => {
  const written = writeSync(fd, ...rest)
  if (isStdout(fd)) {
    const [buffer, offset = 0] = rest
    writeSync(record, buffer, offset, written)
  }
  return written
}

/** A pipe has been opened a second time by who writes to it. */
function isStdout(fd) {
  const { dev, ino } = fs.fstatSync(fd)
  return dev === stdout.dev && ino === stdout.ino
}
