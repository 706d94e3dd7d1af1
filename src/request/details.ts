import type { IncomingHttpHeaders } from 'node:http'
import { roundMs } from '../clock.js'
import type { Include, RawRequest } from '../options.js'
import { attempt } from '../safely.js'
import { sentHeader } from './head-internals.js'
import type { RequestRecord } from './record.js'
import { isNamed, REDACTED, type Redactor } from './redact.js'
import { queryOf, redactQuery } from './url.js'

/** The source of request details; a Fastify request is one. */
export interface CaptureSource {
  readonly headers: IncomingHttpHeaders
  readonly ip: string
  readonly host: string
  /** The request target as it came over the wire. */
  readonly originalUrl: string
}

/** A request detail that was asked for by name. */
export interface Capture {
  readonly key: string
  /**
   * Reads it at the start.
   * @param semicolon whether a query may begin with `;` too
   */
  readonly read: (source: CaptureSource, semicolon: boolean) => string | undefined
  /** Reads a detail that is known at the completion alone. */
  readonly readAtEnd?: (record: RequestRecord) => string | number | undefined
}

/** Reads the details that are known at the start. */
export function readDetails(
  captures: readonly Capture[],
  source: CaptureSource,
  semicolon: boolean,
): (string | undefined)[] {
  return captures.map(({ read }) => read(source, semicolon))
}

/** Returns the source of details without a framework; the client's address is that of the connection. */
export function sourceOf(
  raw: RawRequest | undefined,
  originalUrl: string,
  socket: { readonly remoteAddress?: string | undefined } | null,
): CaptureSource {
  const headers = raw?.headers ?? {}
  return { headers, ip: socket?.remoteAddress ?? '', host: headers.host ?? authorityOf(headers), originalUrl }
}

/**
 * Returns the request target as it arrived, because mounted routers rewrite `url`. For CONNECT it is the authority, without
 * what stands before an `@`, which may be a password.
 */
export function targetOf(raw: RawRequest): string {
  const { originalUrl, url = '', method, headers } = raw as RawRequest & { originalUrl?: unknown }
  if (method === 'CONNECT') return (authorityOf(headers) || url).replace(/^.*@/s, '')
  return typeof originalUrl === 'string' ? originalUrl : url
}

/** HTTP/2 carries the host in `:authority` (RFC 9113, section 8.3.1). */
function authorityOf(headers: IncomingHttpHeaders): string {
  const authority: unknown = headers[':authority']
  return typeof authority === 'string' ? authority : ''
}

const HEADER = 'header:'
const RESPONSE = 'response:'

/** The headers of a response that name a page. */
const LEADING: ReadonlySet<string> = new Set(['location', 'content-location', 'link', 'refresh'])

/** The details that are known at the completion alone, but headers of the response. */
const AT_END: Readonly<Record<string, NonNullable<Capture['readAtEnd']>>> = {
  request_bytes: (record) => record.requestBytes,
  first_byte_ms: ({ headAt, startedAt, isUnsent }) =>
    headAt === undefined || isUnsent ? undefined : roundMs(headAt - startedAt),
}

/** Compiles the option `include`. */
export function compileCaptures(
  include: readonly Include[],
  allowedQuery: readonly string[],
  redactor: Redactor,
): Capture[] {
  const allowed = new Set(allowedQuery.filter((key) => !isNamed(redactor, ['query', key])))
  return include.map((name) => {
    const readAtEnd = endReaderOf(name, redactor)
    if (readAtEnd !== undefined) return { key: name, read: () => undefined, readAtEnd }
    const read = readerOf(name, allowed, redactor)
    const path = name.startsWith(HEADER) ? ['headers', name.slice(HEADER.length)] : [name]
    if (!isNamed(redactor, path)) return { key: name, read }
    return { key: name, read: (...from) => read(...from) && REDACTED }
  })
}

function endReaderOf(name: Include, redactor: Redactor): Capture['readAtEnd'] {
  if (!name.startsWith(RESPONSE)) return AT_END[name]
  const header = name.slice(RESPONSE.length)
  // The path can't be redacted by parameter names, because the page's route is unknown.
  const shown = LEADING.has(header) && redactor.parameters.size > 0 ? originOf : (value?: string) => value
  const read = (record: RequestRecord): string | undefined => shown(sentHeader(record, header)) || undefined
  return isNamed(redactor, ['response', header]) ? (record) => read(record) && REDACTED : read
}

function readerOf(
  name: Include,
  allowedQuery: ReadonlySet<string>,
  { parameters }: Redactor,
): Capture['read'] {
  switch (name) {
    case 'query':
      return ({ originalUrl }, semicolon) => {
        const query = queryOf(originalUrl, semicolon)
        return query === undefined ? undefined : redactQuery(query, allowedQuery)
      }
    case 'client_ip':
      // The app's function that decides which proxies to trust may throw.
      return (source) => attempt(() => source.ip, '') || undefined
    case 'host':
      return (source) => attempt(() => source.host, '') || undefined
    case 'user_agent':
      return ({ headers }) => headers['user-agent'] || undefined
    case 'referer':
      // The path can't be redacted by parameter names, because the page's route is unknown.
      return ({ headers }) =>
        (parameters.size > 0 ? originOf(headers.referer) : withoutQuery(headers.referer)) || undefined
    default: {
      const header = name.slice(HEADER.length)
      if (header === 'referer' && parameters.size > 0) return ({ headers }) => originOf(headers.referer)
      return ({ headers }) => joined(headers[header]) || undefined
    }
  }
}

function withoutQuery(url: string | undefined): string | undefined {
  return url?.replace(/[?#].*$/s, '')
}

function originOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url)?.[0]
}

/** Joins header lines; headers are a plain object, so a name such as `constructor` finds a value that is no header. */
function joined(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' ? value : undefined
}
