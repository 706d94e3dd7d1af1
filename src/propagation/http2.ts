import http2, { type ClientHttp2Session } from 'node:http2'
import { syncBuiltinESMExports } from 'node:module'
import { hostOfUrl, sendAlong } from './calls.js'

type Request = ClientHttp2Session['request']

/**
 * Has calls over sessions of `node:http2` carry what they belong to. Its channels tell of a stream when the headers
 * are encoded already (Node.js 24), so that the function that makes sessions is wrapped.
 */
export function followHttp2(): void {
  const { connect } = http2
  const wrapped = (...args: Parameters<typeof connect>): ClientHttp2Session => {
    const session = connect(...args)
    followSession(session, hostOfUrl(String(args[0])))
    return session
  }
  // It may be promisified.
  http2.connect = Object.defineProperties(
    wrapped,
    Object.getOwnPropertyDescriptors(connect),
  ) as typeof connect
  syncBuiltinESMExports()
}

function followSession(session: ClientHttp2Session, host: string): void {
  const request: Request = session.request.bind(session)
  session.request = (headers, options) => request(withHeaders(headers, host), options)
}

function withHeaders(headers: Parameters<Request>[0] = {}, host: string): Parameters<Request>[0] {
  // Raw headers are a list, which stays as it is.
  if (Array.isArray(headers)) return headers
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  const more: Record<string, string> = {}
  sendAlong({
    hosts: [host],
    has: (header) => names.has(header),
    add: (header, value) => {
      more[header] = value
    },
  })
  return { ...headers, ...more }
}
