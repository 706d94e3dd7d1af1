import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { watchStatus } from '../../src/http/unparsed.js'

function watched(): { connection: PassThrough; told: number[] } {
  const connection = new PassThrough()
  const told: number[] = []
  watchStatus(connection, (status) => told.push(status))
  return { connection, told }
}

test.each([
  ['a text', ['HTTP/1.1 101 Switching Protocols\r\n\r\n'], [101]],
  ['bytes', [new Uint8Array(Buffer.from('HTTP/1.0 403 Forbidden\r\n\r\n'))], [403]],
  ['pieces', ['', 'HTTP', '/1.1', ' 401 No\r\n\r\n'], [401]],
  ['an interim answer before it', ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 101 Yes\r\n\r\n'], [101]],
  ['what follows it', ['HTTP/1.1 101 Yes\r\n\r\n', 'HTTP/1.1 500 within the tunnel'], [101]],
  ['what is no answer', ['SSH-2.0-OpenSSH_9.2\r\n', 'HTTP/1.1 200 OK'], []],
  ['less than a status', ['HTTP/1.1'], []],
] as const)('reads the status of an answer by hand: %s', (_case, chunks, expected) => {
  const { connection, told } = watched()
  for (const chunk of chunks) connection.write(chunk)
  expect(told).toEqual(expected)
})

test('reads an answer that is the last thing written', () => {
  const { connection, told } = watched()
  connection.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  expect(told).toEqual([502])
})

test('watching a connection changes no write, return value or callback', async () => {
  const { connection } = watched()
  const plain = new PassThrough()
  for (const each of [connection, plain]) {
    await new Promise((resolve) => {
      expect(each.write('48690a', 'hex', resolve)).toBe(true)
      expect(each.write(Buffer.alloc(100_000))).toBe(false)
      each.resume()
    })
    await new Promise<void>((resolve) => {
      expect(each.end('ff', 'hex', resolve)).toBe(each)
    })
  }
})

test('a connection has its own methods again after the status is read, unless they were wrapped', () => {
  const { connection } = watched()
  connection.write('HTTP/1.1 101 Yes\r\n\r\n')
  expect(connection.write).toBe(PassThrough.prototype.write)
  expect(connection.end).toBe(PassThrough.prototype.end)

  const other = watched().connection
  const { write } = other
  const seen: unknown[] = []
  other.write = ((chunk: unknown) => {
    seen.push(chunk)
    return write.call(other, chunk, 'utf8')
  }) as typeof other.write
  for (const chunk of ['HTTP/1.1 101 Yes\r\n\r\n', 'one', 'two']) other.write(chunk)
  expect(seen).toHaveLength(3)
})
