import { errorMonitor } from 'node:events'
import { ClientRequest, type IncomingMessage } from 'node:http'
import { safely, setHidden } from '../safely.js'
import { followCall, hostsOf, joined, type OpenCall } from './call.js'
import { listen, type Undo, wrap } from './undo.js'

/** Published since Node.js 22.12, when headers can still be set. */
const REQUEST_CREATED = 'http.client.request.created'
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const IS_PUBLISHED = major > 22 || (major === 22 && minor >= 12)
/** Published when a request has been sent. */
const REQUEST_START = 'http.client.request.start'
/** Published when the head of a response has arrived. */
const RESPONSE_FINISH = 'http.client.response.finish'

const FOLLOWED = Symbol('waybill.followed')

interface Followed {
  readonly call: OpenCall | undefined
  response: IncomingMessage | undefined
}

type Request = ClientRequest & { [FOLLOWED]?: Followed }

/** The message of these channels. */
interface Message {
  readonly request: Request
  readonly response?: IncomingMessage
}

/** Tracks calls by `node:http` and `node:https`, also those of libraries. */
export function followHttp1(): Undo {
  const followEach = ({ request }: Message): void => follow(request)
  const undo = [
    ...(IS_PUBLISHED
      ? [
          listen(REQUEST_CREATED, followEach),
          // A proxy may set the headers that it copies one by one, after that event.
          wrap(ClientRequest.prototype as unknown as Insides, '_implicitHeader', correctFirst),
        ]
      : [
          wrap(ClientRequest.prototype as unknown as Insides, '_implicitHeader', followFirst),
          // Headers given as a list are written at once; such a request is only seen when it is sent.
          listen(REQUEST_START, followEach),
        ]),
    listen<Message>(RESPONSE_FINISH, ({ request: { [FOLLOWED]: followed }, response }) => {
      if (followed === undefined || response === undefined) return
      followed.response = response
      followed.call?.answered(response.statusCode ?? 0)
    }),
  ]
  return () => {
    for (const each of undo) each()
  }
}

/** The method that Node.js calls before it sends the headers of a request. */
type Insides = Record<'_implicitHeader', (this: Request) => void>

function followFirst(sendHeaders: (this: Request) => void): (this: Request) => void {
  return function sendFollowed(this: Request) {
    safely(() => follow(this))
    sendHeaders.call(this)
  }
}

function correctFirst(sendHeaders: (this: Request) => void): (this: Request) => void {
  return function sendCorrected(this: Request) {
    safely(() => this[FOLLOWED]?.call?.replaceCopiedId())
    sendHeaders.call(this)
  }
}

function follow(request: Request): void {
  if (request[FOLLOWED] !== undefined) return
  const { host, path, headersSent } = request
  const call = followCall({
    hosts: hostsOf(host, path, request.getHeader('host')?.toString()),
    has: (header) => headersSent || request.hasHeader(header),
    get: (header) => (request.headersSent ? undefined : joined(request.getHeader(header))),
    add: (header, value) => request.setHeader(header, value),
    replace: (header, value) => request.setHeader(header, value),
  })
  const followed: Followed = { call, response: undefined }
  setHidden(request, FOLLOWED, followed)
  if (call !== undefined) watch(request, call, followed)
}

function watch(request: Request, call: OpenCall, followed: Followed): void {
  request.once(errorMonitor, () => call.end(false))
  request.once('close', () => {
    // Without a response and without an error, the connection was upgraded.
    call.end(followed.response?.complete ?? true)
  })
}
