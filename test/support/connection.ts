import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import Fastify, { type FastifyHttpOptions, type FastifyInstance } from 'fastify'
import { generate } from 'selfsigned'
import waybill, { type Options } from '../../src/index.js'
import { Capture } from './capture.js'
import { listen } from './http.js'

/** A key and a certificate of its own for servers of this test file. */
const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 })

/** The protocols whose requests are written by hand. */
export const PROTOCOLS = ['HTTP', 'HTTPS'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** A connection of a client that writes what it likes. */
export class Connection {
  readonly stream: Duplex
  readonly #socket: Socket
  readonly #chunks: Buffer[] = []

  constructor(stream: Duplex, socket: Socket) {
    this.stream = stream
    this.#socket = socket
    stream.on('error', () => {})
    socket.on('error', () => {})
    stream.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
  }

  /** What has come so far. */
  get received(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }

  /** Sends lines that end as those of HTTP/1 do. */
  send(...lines: string[]): void {
    this.stream.write(lines.map((line) => `${line}\r\n`).join(''))
  }

  /** Waits until something has come that a text is part of. */
  async until(text: string): Promise<void> {
    while (!this.received.includes(text)) await once(this.stream, 'data')
  }

  /** Reads so many bytes, then no more. */
  async take(bytes: number): Promise<{ received: number }> {
    while (this.received.length < bytes) await once(this.stream, 'data')
    this.stream.pause()
    return { received: this.received.length }
  }

  /** Waits until the connection is closed, and gives all that came. */
  async closed(): Promise<string> {
    if (!this.#socket.closed) await new Promise((resolve) => this.#socket.once('close', resolve))
    return this.received
  }

  /** Closes the connection properly: its side at once, the other when the server does. */
  leaveByFin(): void {
    this.stream.end()
  }

  /** Closes the connection as a client does that crashes. */
  leaveByRst(): void {
    this.#socket.resetAndDestroy()
  }
}

/** Opens a connection to a port of the loopback address. */
export async function open(
  port: number,
  protocol: Protocol = 'HTTP',
  address = '127.0.0.1',
): Promise<Connection> {
  const socket = connect(port, address)
  await once(socket, 'connect')
  if (protocol === 'HTTP') return new Connection(socket, socket)
  const stream = connectTls({ socket, rejectUnauthorized: false })
  await once(stream, 'secureConnect')
  return new Connection(stream, socket)
}

/** An app that listens, and what it logs. */
export interface Served {
  readonly app: FastifyInstance
  readonly log: Capture
  readonly port: number
}

/** Starts an app whose routes are declared by a function. */
export async function serve(
  declare: (app: FastifyInstance) => unknown,
  {
    protocol = 'HTTP',
    server = {},
    options = {},
  }: {
    protocol?: Protocol
    server?: FastifyHttpOptions<Server>
    options?: Options
  } = {},
): Promise<Served> {
  const log = new Capture()
  const app = Fastify({ ...server, ...(protocol === 'HTTPS' && { https: { key, cert } }) }) as FastifyInstance
  await app.register(waybill, { destination: log, ...options })
  await declare(app)
  return { app, log, port: await listen(app) }
}

/** Starts an app that speaks HTTP/2 without TLS. */
export async function serveHttp2(
  declare: (app: FastifyInstance) => unknown,
  options: Options = {},
): Promise<Served> {
  const log = new Capture()
  const app = Fastify({ http2: true }) as unknown as FastifyInstance
  await app.register(waybill, { destination: log, ...options })
  await declare(app)
  return { app, log, port: await listen(app) }
}
