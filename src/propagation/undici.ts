import { subscribe } from 'node:diagnostics_channel'
import { hostOfUrl, sendAlong } from './calls.js'

/** Published by undici 5 and later, by the one within Node.js for `fetch` and by every other. */
const REQUEST_CREATE = 'undici:request:create'

interface UndiciRequest {
  readonly origin: string | URL
  /** Names and values in turn; before undici 6, lines. */
  readonly headers: readonly (string | readonly string[])[] | string
  addHeader(name: string, value: string): void
}

/** Has calls by `fetch` and undici carry what they belong to. */
export function followUndici(): void {
  subscribe(REQUEST_CREATE, (message) => {
    const { request } = message as { request: UndiciRequest }
    sendAlong({
      hosts: [hostOfUrl(String(request.origin))],
      has: (header) => hasHeader(request.headers, header),
      add: (header, value) => request.addHeader(header, value),
    })
  })
}

function hasHeader(headers: UndiciRequest['headers'], name: string): boolean {
  if (typeof headers === 'string') return `\r\n${headers.toLowerCase()}`.includes(`\r\n${name}:`)
  return headers.some((each, index) => index % 2 === 0 && String(each).toLowerCase() === name)
}
