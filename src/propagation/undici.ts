import { followCall, hostOfUrl, hostsOf, type OpenCall } from './call.js'
import { listen, type Undo } from './undo.js'

const CALL = Symbol('waybill.call')

interface UndiciRequest {
  readonly origin: string | URL
  readonly path: string
  /** The header `Host`, where the caller gave one. */
  readonly host?: string | null
  /** Names and values in turn; before undici 6, lines. */
  readonly headers: readonly (string | readonly string[])[] | string
  addHeader(name: string, value: string): void
  [CALL]?: OpenCall | undefined
}

/** What the channels of undici 5 and later tell, of the one within Node.js for `fetch` and of every other. */
interface Message {
  readonly request: UndiciRequest
}

/** Follows the calls by `fetch` and undici. */
export function followUndici(): Undo {
  const undo = [
    listen<Message>('undici:request:create', ({ request }) => follow(request)),
    listen<Message & { response: { statusCode: number } }>(
      'undici:request:headers',
      ({ request, response }) => request[CALL]?.answered(response.statusCode),
    ),
    listen<Message>('undici:request:trailers', ({ request }) => request[CALL]?.end(true)),
    listen<Message>('undici:request:error', ({ request }) => request[CALL]?.end(false)),
  ]
  return () => {
    for (const each of undo) each()
  }
}

function follow(request: UndiciRequest): void {
  request[CALL] = followCall({
    hosts: hostsOf(hostOfUrl(String(request.origin)), request.path, request.host ?? undefined),
    has: (header) => hasHeader(request.headers, header),
    add: (header, value) => request.addHeader(header, value),
  })
}

function hasHeader(headers: UndiciRequest['headers'], name: string): boolean {
  if (typeof headers === 'string') return `\r\n${headers.toLowerCase()}`.includes(`\r\n${name}:`)
  return headers.some((each, index) => index % 2 === 0 && String(each).toLowerCase() === name)
}
