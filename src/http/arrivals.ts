import type { Socket } from 'node:net'
import type { RawRequest } from '../options.js'
import type { Capture, CaptureSource } from '../request/details.js'
import type { RequestId } from '../request/id.js'
import type { Arrival } from '../request/record.js'
import { activeTrace, readTrace } from '../request/trace.js'
import { cutPath, pathOf } from '../request/url.js'

const NOTHING_CAPTURED: readonly undefined[] = []

/** Says what is known of requests when they start. */
export class Arrivals {
  readonly #captures: readonly Capture[]
  readonly #semicolon: boolean

  /** @param semicolon whether a query may begin with `;` too */
  constructor(captures: readonly Capture[], semicolon: boolean) {
    this.#captures = captures
    this.#semicolon = semicolon
  }

  of(
    { httpVersion, headers }: RawRequest,
    { rejected, clientId }: RequestId,
    requestId: string,
    method: string,
    route: string | undefined,
    source: CaptureSource,
  ): Arrival {
    const whole = pathOf(source.originalUrl, this.#semicolon)
    const path = cutPath(whole)
    return {
      requestId,
      idRejected: rejected,
      clientRequestId: clientId,
      method,
      path,
      protocol: httpVersion,
      trace: activeTrace() ?? readTrace(headers),
      pathCut: path !== whole,
      route,
      captured:
        this.#captures.length === 0
          ? NOTHING_CAPTURED
          : this.#captures.map(({ read }) => read(source, this.#semicolon)),
    }
  }

  /** What is known of a request that can't be parsed: nothing but who sent it. */
  ofUnparsed(requestId: string, ip: string): Arrival {
    const source: CaptureSource = { headers: {}, ip, host: '', originalUrl: '' }
    return {
      requestId,
      idRejected: undefined,
      clientRequestId: undefined,
      method: undefined,
      path: undefined,
      protocol: undefined,
      trace: undefined,
      pathCut: false,
      route: undefined,
      captured: this.#captures.map(({ read }) => read(source, false)),
    }
  }
}

/** What the details of a request are read from when no framework has it: the connection's own address. */
export function sourceOf(
  { headers }: RawRequest,
  originalUrl: string,
  socket: Pick<Partial<Socket>, 'remoteAddress'> | null,
): CaptureSource {
  const authority: unknown = headers[':authority']
  const host = headers.host ?? (typeof authority === 'string' ? authority : '')
  return { headers, ip: socket?.remoteAddress ?? '', host, originalUrl }
}

/** Where a CONNECT wants to go: HTTP/2 has it elsewhere. What may be a password before an `@` is left out. */
export function authorityOf(headers: RawRequest['headers'], target: string): string {
  const authority: unknown = headers[':authority']
  return (typeof authority === 'string' ? authority : target).replace(/^.*@/s, '')
}
