import type { Duplex } from 'node:stream'

/** The status line of HTTP/1 (RFC 9112, section 4), as it begins what is written to a connection by hand. */
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)/
const LENGTH = 'HTTP/1.1 200'.length

/** Tells the status of the next answer that is written to a connection without a response of Node.js. */
export function watchStatus(connection: Duplex, told: (status: number) => void): void {
  const write = connection.write as (...args: unknown[]) => boolean
  const end = connection.end as (...args: unknown[]) => Duplex

  function read(chunk: unknown): void {
    connection.write = write
    connection.end = end
    const head = Buffer.isBuffer(chunk) ? chunk.toString('latin1', 0, LENGTH) : String(chunk)
    const status = STATUS_LINE.exec(head)?.[1]
    if (status !== undefined) told(Number(status))
  }

  connection.write = function watchedWrite(...args: unknown[]): boolean {
    read(args[0])
    return write.apply(connection, args)
  }
  connection.end = function watchedEnd(...args: unknown[]): Duplex {
    read(args[0])
    return end.apply(connection, args)
  }
}
