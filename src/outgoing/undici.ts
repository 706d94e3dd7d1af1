import { setHidden } from '../safely.js'
import { followCall, hostOfUrl, hostsOf, type OpenCall } from './call.js'
import { listen, type Undo } from './undo.js'

const CALL = Symbol('waybill.call')

interface UndiciRequest {
  readonly origin: string | URL
  readonly path: string
  /** The header `Host`, if the caller set one. */
  readonly host?: string | null
  /** Alternating names and values; before undici 6, lines. */
  headers: readonly (string | readonly string[])[] | string
  addHeader(name: string, value: string): void
  [CALL]?: OpenCall | undefined
}

/** The message of undici's channels since version 5: of the copy within Node.js, for `fetch`, and of all others. */
interface Message {
  readonly request: UndiciRequest
}

/** Tracks calls by `fetch` and undici. */
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
  const call = followCall({
    hosts: hostsOf(hostOfUrl(String(request.origin)), request.path, request.host ?? undefined),
    has: (header) => valueIn(request.headers, header) !== undefined,
    get: (header) => valueIn(request.headers, header),
    add: (header, value) => request.addHeader(header, value),
    replace: (header, value) => {
      request.headers = without(request.headers, header)
      request.addHeader(header, value)
    },
  })
  setHidden(request, CALL, call)
}

type Headers = UndiciRequest['headers']

function valueIn(headers: Headers, name: string): string | undefined {
  const values =
    typeof headers === 'string'
      ? headers
          .split('\r\n')
          .flatMap((line) => (isLineOf(line, name) ? [line.slice(name.length + 1).trim()] : []))
      : headers.flatMap((value, index) =>
          index % 2 === 1 && isNameOf(headers[index - 1], name) ? value : [],
        )
  return values.length > 0 ? values.join(', ') : undefined
}

function without(headers: Headers, name: string): Headers {
  if (typeof headers === 'string')
    return headers
      .split('\r\n')
      .filter((line) => !isLineOf(line, name))
      .join('\r\n')
  return headers.filter((_each, index) => !isNameOf(headers[index - (index % 2)], name))
}

function isLineOf(line: string, name: string): boolean {
  return line.toLowerCase().startsWith(`${name}:`)
}

function isNameOf(each: Headers[number] | undefined, name: string): boolean {
  return String(each).toLowerCase() === name
}
