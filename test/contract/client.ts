import { once } from 'node:events'
import http2 from 'node:http2'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { ask } from '../support/http.js'

/** An answer, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** What a client may send beside a path. */
export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
}

/** Sends requests to a service. */
export interface Client {
  readonly version: '1.1' | '2.0'
  ask(path: string, sent?: Sent): Promise<Answer>
  /** Sends a request, and goes away once a promise is kept. */
  leave(path: string, when: () => Promise<unknown>): Promise<void>
  /** Sends a request whose answer does not come to its end. */
  endure(path: string): Promise<void>
}

/** A client of HTTP/1.1, with a connection for each request. */
export function http1Client(port: number): Client {
  const open = async (path: string): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    await once(socket, 'connect')
    socket.write(`GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`)
    return socket
  }
  return {
    version: '1.1',
    ask: (path, { method = 'GET', headers = {} } = {}) => ask(port, path, { method, headers }),
    async leave(path, when) {
      const socket = await open(path)
      await when()
      socket.resetAndDestroy()
    },
    async endure(path) {
      const socket = await open(path)
      socket.resume()
      await once(socket, 'close')
    },
  }
}

/** A client of HTTP/2, with a connection for each request. */
export function http2Client(port: number): Client {
  function send(path: string, { method = 'GET', headers = {} }: Sent = {}): http2.ClientHttp2Stream {
    const session = http2.connect(`http://127.0.0.1:${port}`).on('error', () => {})
    const stream = session.request({ ':method': method, ':path': path, ...headers })
    return stream.on('error', () => {}).on('close', () => session.close())
  }
  return {
    version: '2.0',
    async ask(path, sent) {
      const stream = send(path, sent)
      const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
      return { status: Number(headers[':status']), headers, body: await text(stream) }
    },
    async leave(path, when) {
      const stream = send(path)
      await when()
      stream.close(http2.constants.NGHTTP2_CANCEL)
    },
    async endure(path) {
      const stream = send(path).resume()
      if (!stream.closed) await once(stream, 'close')
    },
  }
}
