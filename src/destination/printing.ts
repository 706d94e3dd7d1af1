import fs from 'node:fs'

const { O_NONBLOCK } = fs.constants

/**
 * Watches for `process.stdout`, through which console.log prints: to a pipe or a socket in parts, the rest of a line
 * when the event loop gets to it. The stream is not created for that, since Node.js would then make a pipe
 * non-blocking for all processes that share it.
 * @returns whether something is being printed, so that the output may end within a line
 */
export function watchPrinting(fd: number): () => boolean {
  let stream = isNonBlocking(fd) ? process.stdout : undefined
  if (stream === undefined) onStdout((created) => (stream = created))
  return () => stream !== undefined && stream.writableLength > 0 && !stream.destroyed
}

/** Whether a descriptor does not block, as Node.js has it once `process.stdout` exists. */
function isNonBlocking(fd: number): boolean {
  try {
    const [, flags = ''] =
      /^flags:\s*([0-7]+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? []
    return (Number.parseInt(flags, 8) & O_NONBLOCK) !== 0
  } catch {
    return true
  }
}

/** Calls back when somebody first uses `process.stdout`, a property that Node.js reads through a function. */
function onStdout(use: (stream: typeof process.stdout) => void): void {
  const descriptor = Object.getOwnPropertyDescriptor(process, 'stdout')
  if (descriptor?.get === undefined || !descriptor.configurable) return
  Object.defineProperty(process, 'stdout', {
    ...descriptor,
    get() {
      Object.defineProperty(process, 'stdout', descriptor)
      use(process.stdout)
      return process.stdout
    },
  })
}
