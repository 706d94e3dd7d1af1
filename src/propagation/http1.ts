import { subscribe } from 'node:diagnostics_channel'
import { ClientRequest } from 'node:http'
import { hostOfUrl, sendAlong } from './calls.js'

/** Published since Node.js 22.12, while headers can still be set. */
const REQUEST_CREATED = 'http.client.request.created'
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const IS_PUBLISHED = major > 22 || (major === 22 && minor >= 12)

/** Has calls by `node:http` and `node:https`, whoever makes them, carry what they belong to. */
export function followHttp1(): void {
  if (IS_PUBLISHED) {
    subscribe(REQUEST_CREATED, (message) => sendWith((message as { request: ClientRequest }).request))
    return
  }
  wrapHeaders()
}

type Headers = { _implicitHeader(): void }

/** Where Node.js tells nobody in time: what it calls when the headers of a request are about to be sent. */
function wrapHeaders(): void {
  const prototype = ClientRequest.prototype as unknown as Headers
  const { _implicitHeader: sendHeaders } = prototype
  prototype._implicitHeader = function sendHeadersAlong(this: ClientRequest) {
    sendWith(this)
    sendHeaders.call(this)
  } as Headers['_implicitHeader']
}

const ABSOLUTE = /^https?:\/\//i

function sendWith(request: ClientRequest): void {
  if (request.headersSent) return
  const { host, path } = request
  sendAlong({
    // A proxy is asked for a whole URL.
    hosts: ABSOLUTE.test(path) ? [host, hostOfUrl(path)] : [host],
    has: (header) => request.hasHeader(header),
    add: (header, value) => request.setHeader(header, value),
  })
}
