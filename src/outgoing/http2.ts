import http2, {
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { syncBuiltinESMExports } from 'node:module'
import { safely } from '../safely.js'
import { type Call, followCall, hostOfUrl, hostsOf, joined, type OpenCall } from './call.js'
import { type Undo, wrap } from './undo.js'

type Request = ClientHttp2Session['request']
type Headers = NonNullable<Parameters<Request>[0]>
type Stream = ReturnType<Request>

/**
 * Tracks calls over sessions of `node:http2`. It wraps `connect`, because the channels of `node:http2` publish a stream only
 * after its headers are encoded (Node.js 24).
 */
export function followHttp2(): Undo {
  const undo = wrap(http2, 'connect', followSessions)
  syncBuiltinESMExports()
  return () => {
    undo()
    syncBuiltinESMExports()
  }
}

function followSessions(connect: typeof http2.connect): typeof http2.connect {
  const follow = (...args: Parameters<typeof connect>): ClientHttp2Session => {
    const session = connect(...args)
    safely(() => {
      const host = hostOfAuthority(args[0])
      wrap<'request', Request>(session, 'request', (request) => followRequests(request.bind(session), host))
    })
    return session
  }
  return follow as typeof connect
}

function followRequests(request: Request, host: string): Request {
  return (headers, options) => {
    const more: Record<string, string> = {}
    const call = safely(() => followCall(callOf(headers ?? {}, host, more)))
    if (call === undefined) return request(headers, options)
    // Raw headers are a list, which stays as it is.
    const all = Array.isArray(headers) ? headers : { ...without(headers ?? {}, more), ...more }
    try {
      return watch(request(all, options), call)
    } catch (error) {
      call.end(false)
      throw error
    }
  }
}

/** Returns the host of a session's authority: a string, a URL, or an object with a host. */
function hostOfAuthority(authority: unknown): string {
  const { hostname, host } = Object(authority) as { hostname?: unknown; host?: unknown }
  if (typeof hostname === 'string') return hostname
  return hostOfUrl(typeof host === 'string' ? `http://${host}` : String(authority))
}

function callOf(headers: Headers, host: string, more: Record<string, string>): Call {
  const names = new Map(Object.keys(headers).map((name) => [name.toLowerCase(), name]))
  const add = (header: string, value: string): void => {
    more[header] = value
  }
  const { ':authority': authority, ':path': path = '/' } = headers as OutgoingHttpHeaders
  return {
    hosts: hostsOf(host, path.toString(), authority?.toString()),
    has: (header) => names.has(header),
    get: (header) => joined((headers as OutgoingHttpHeaders)[names.get(header) ?? '']),
    add,
    replace: add,
  }
}

/** Removes the headers that are replaced, in any case. */
function without(headers: Headers, replaced: Readonly<Record<string, string>>): Headers {
  const rest: OutgoingHttpHeaders = { ...headers }
  for (const name of Object.keys(rest)) if (Object.hasOwn(replaced, name.toLowerCase())) delete rest[name]
  return rest
}

function watch(stream: Stream, call: OpenCall): Stream {
  let isAnswered = false
  stream.once('response', ({ ':status': status = 0 }: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
    isAnswered = true
    call.answered(status)
  })
  return stream.once('close', () =>
    call.end(isAnswered && stream.rstCode === http2.constants.NGHTTP2_NO_ERROR),
  )
}
