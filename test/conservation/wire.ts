import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Sent } from './plan.js'

const NEWLINE = 0x0a

/** How a client leaves: it closes its half, closes without reading on, or resets. */
export const LEAVINGS = ['half-close', 'close', 'reset'] as const
export type Leaving = (typeof LEAVINGS)[number]

/** What must be known of a request to read its answer. */
type Asked = Pick<Sent, 'method' | 'seen'>

/** The bytes of a request that has an id. */
export function requestText({ id, method, path }: Sent, headers: readonly string[] = [], body = ''): string {
  const head = [`${method} ${path} HTTP/1.1`, 'Host: shop.test', `X-Request-Id: ${id}`, ...headers]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

/** The client's end of a connection of HTTP/1.1, which sends anything and reads answers. */
export class Wire {
  readonly #socket: Socket
  #unread: Buffer = Buffer.alloc(0)
  #ended = false
  #wake = (): void => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes])
      this.#wake()
    })
    socket.on('error', () => {})
    for (const end of ['end', 'close']) {
      socket.on(end, () => {
        this.#ended = true
        this.#wake()
      })
    }
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new Wire(socket)
  }

  write(text: string | Uint8Array): void {
    this.#socket.write(text)
  }

  /** Takes nothing more from the system, whose buffers then fill. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /**
   * Leaves, and waits until the connection is gone on this side.
   * @param sent the request whose answer may still come, to a client that closes its half only
   */
  async leave(how: Leaving, sent?: Sent): Promise<void> {
    this.resume()
    const closed = this.#socket.closed ? undefined : once(this.#socket, 'close')
    if (how === 'half-close') this.#socket.end()
    else if (how === 'reset' && !this.#ended) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
    if (how === 'half-close' && sent !== undefined) await this.answer(sent)
    await closed
  }

  /** Waits until the server closes the connection, or breaks it. */
  async closed(): Promise<void> {
    while (!this.#ended) await this.#more()
    await this.leave('half-close')
  }

  /** Waits until the server says to go on. */
  async continue(): Promise<void> {
    await this.#lines()
  }

  /** Reads the head of an answer; how long its body is. */
  async head({ method, seen }: Asked): Promise<number | 'chunked' | 'to the end'> {
    const [first, ...headers] = await this.#lines()
    if (first === undefined) return 0
    seen.status = Number(first.split(' ')[1])
    if (method === 'HEAD' || seen.status === 204) return 0
    if (headers.includes('transfer-encoding: chunked')) return 'chunked'
    const length = headers.find((header) => header.startsWith('content-length: '))
    return length === undefined ? 'to the end' : Number(length.split(' ')[1])
  }

  /** Reads an answer as far as it comes. */
  async answer(sent: Asked): Promise<void> {
    const { seen } = sent
    const length = await this.head(sent)
    if (seen.status === undefined) return
    if (length === 'chunked') seen.whole = await this.#readChunks(sent)
    else if (length === 'to the end') while (await this.#read(1, sent));
    else seen.whole = await this.#read(length, sent)
  }

  async #readChunks(sent: Asked): Promise<boolean> {
    for (;;) {
      const size = Number.parseInt((await this.#line()) ?? '', 16)
      if (Number.isNaN(size) || !(await this.#read(size, sent))) return false
      if ((await this.#line()) !== '') return false
      if (size === 0) return true
    }
  }

  /** Lines up to an empty one; none if the connection ends before. */
  async #lines(): Promise<string[]> {
    const lines: string[] = []
    for (;;) {
      const line = await this.#line()
      if (line === undefined) return []
      if (line === '') return lines
      lines.push(lines.length === 0 ? line : line.toLowerCase())
    }
  }

  async #line(): Promise<string | undefined> {
    let end = this.#unread.indexOf(NEWLINE)
    while (end === -1) {
      if (this.#ended) return undefined
      await this.#more()
      end = this.#unread.indexOf(NEWLINE)
    }
    const line = this.#unread.toString('latin1', 0, end).trimEnd()
    this.#unread = this.#unread.subarray(end + 1)
    return line
  }

  /** Reads bytes of a body; false if the connection ends before. */
  async #read(count: number, { seen }: Asked): Promise<boolean> {
    let left = count
    while (left > 0) {
      if (this.#unread.length === 0) {
        if (this.#ended) return false
        await this.#more()
      }
      const taken = Math.min(left, this.#unread.length)
      this.#unread = this.#unread.subarray(taken)
      left -= taken
      seen.bytes += taken
    }
    return true
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}
