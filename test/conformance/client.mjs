// A client that writes HTTP/1.1 to a socket by hand, so that it can end a request in every possible way.
import { once } from 'node:events'
import { connect } from 'node:net'

/** How long a client waits for expected data. */
const PATIENCE_MS = 10_000

/**
 * What a client saw of one answer.
 * @typedef {object} Seen
 * @property {number | null} status The status that it read, if one was sent.
 * @property {boolean} whole Whether it got the answer to its end.
 */

/** @type {Seen} */
export const NOTHING = { status: null, whole: false }

/** The path of a request that only prepares an ending; its lines don't count. */
export const PRELUDE = '/prelude'

/** The text of a request without a body. */
export function request(path, method = 'GET', headers = {}) {
  const fields = { Host: 'conformance.test', ...headers }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

export class Client {
  #received = ''
  #ended = false
  #socket
  #closed

  constructor(port) {
    this.#socket = connect(port, '127.0.0.1').setEncoding('latin1')
    this.#socket.on('data', (text) => {
      this.#received += text
    })
    this.#socket.on('end', () => {
      this.#ended = true
    })
    // A server may reset the connection, which shows in how the answer ends.
    this.#socket.on('error', () => {})
    this.#closed = new Promise((resolve) => this.#socket.on('close', resolve))
  }

  send(text) {
    this.#socket.write(text)
    return this
  }

  /** Waits until the received text matches. */
  async received(pattern) {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    while (!pattern.test(this.#received)) await once(this.#socket, 'data', { signal })
  }

  /** Waits for complete answers to all requests, then closes the connection. */
  async answers(methods) {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    while (this.seen(methods).some(({ whole }) => !whole) && !this.#socket.closed) {
      await Promise.race([once(this.#socket, 'data', { signal }).catch(() => {}), this.#closed])
      signal.throwIfAborted()
    }
    this.#socket.destroy()
    await this.#closed
    return this.seen(methods)
  }

  /** Waits for the server to close the connection. */
  async closed(methods) {
    await this.#closed
    return this.seen(methods)
  }

  /** Resets the connection (TCP RST). */
  async reset(methods) {
    this.#socket.resetAndDestroy()
    return this.closed(methods)
  }

  /** Closes its side of the connection (TCP FIN). */
  async hangUp(methods) {
    this.#socket.end()
    return this.closed(methods)
  }

  /** Returns what was received for each request. */
  seen(methods = ['GET']) {
    let rest = this.#received
    return methods.map((method) => {
      const answer = readAnswer(rest, method, this.#ended)
      rest = answer.rest
      return { status: answer.status, whole: answer.whole }
    })
  }
}

/** Parses the first answer in what a server sent (RFC 9112, section 6.3). */
function readAnswer(text, method, ended) {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return { ...NOTHING, rest: '' }
  const head = text.slice(0, end)
  const body = text.slice(end + 4)
  const status = Number(head.split(' ', 2)[1])
  const bodyless = method === 'HEAD' || status === 101 || status === 204 || status === 304
  const length = bodyless ? 0 : bodyLength(head, body)
  const whole = length === undefined ? ended : length <= body.length
  return { status, whole, rest: whole ? body.slice(length ?? body.length) : '' }
}

/** Returns the length of a body; undefined if it ends with the connection. */
function bodyLength(head, body) {
  const declared = /^content-length: (\d+)/im.exec(head)
  if (declared) return Number(declared[1])
  if (!/^transfer-encoding: chunked/im.test(head)) return undefined
  const last = /(?:^|\r\n)0\r\n\r\n/.exec(body)
  return last ? last.index + last[0].length : Number.POSITIVE_INFINITY
}
