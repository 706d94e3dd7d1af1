import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Logger } from 'pino'
import type { FormatName, Level, LogLevel, Outcome } from './vocabulary.js'

/** Where finished lines go. Each call gets one whole line with its newline. */
export interface Destination {
  write(line: string): void
}

/** A request as Node.js hands it over, before any framework has seen it. */
export type RawRequest = IncomingMessage | Http2ServerRequest

/**
 * A format as data: an object that has the shape of its lines. A text that begins with `$` names a source, and behind
 * a colon the form in which it is said (`$duration:s`); what says nothing on a line is left out there. Other values
 * stand as they are. A key that begins with `*` spreads what its source holds: `'*': '$added'`.
 */
export interface Template {
  readonly [key: string]: TemplateValue
}

/** What stands under a key of a {@link Template}. */
export type TemplateValue = string | number | boolean | readonly string[] | Template

/** A request detail that is logged only when it is named. */
export type Include = 'query' | 'client_ip' | 'user_agent' | 'host' | 'referer' | `header:${string}`

/** How request ids are read, checked, made and sent back. */
export interface RequestIdOptions {
  /**
   * The request headers that may carry the id, in order of preference: the first one present decides.
   * @default 'X-Request-Id'
   */
  header?: string | readonly string[] | undefined
  /**
   * Whom to believe. An id that is well-formed but not believed is logged as `client_request_id`, and the
   * request gets a new one.
   * @default 'always'
   */
  trust?: 'always' | 'never' | ((request: RawRequest) => boolean) | undefined
  /**
   * Makes a new id. What it returns must have the form of an acceptable id; otherwise a UUID is used.
   * @default UUID version 7 (RFC 9562)
   */
  generate?: ((request: RawRequest) => string) | undefined
  /**
   * The response header that carries the id back; `false` sends none.
   * @default the first name of `header`
   */
  responseHeader?: string | false | undefined
}

/** How a request ended, as {@link Options.completionLevel} sees it. */
export interface Completion {
  /** `undefined`, as the path is, when the request can't be parsed. */
  readonly method: string | undefined
  /** The path that was asked for, without the query. */
  readonly path: string | undefined
  /** The pattern that matched; `undefined` on a 404. */
  readonly route: string | undefined
  /** As sent; `undefined` when none was. */
  readonly status: number | undefined
  /** `undefined` when the request can't be parsed: it is not known when it began. */
  readonly durationMs: number | undefined
  readonly outcome: Outcome
  readonly slow: boolean
  /** What was thrown, when the request failed. */
  readonly error: unknown
  /** The level the line would have without this option. */
  readonly level: Level
}

/** Where the lines go, from which level, and in which form. */
export interface LoggerOptions {
  /**
   * The lowest level that is written.
   * @default the environment's `LOG_LEVEL`, else 'info'
   */
  level?: LogLevel | undefined
  /**
   * How lines look.
   * @default the environment's `LOG_FORMAT`, else 'pretty' when stdout is a terminal and 'json' when it is not
   */
  format?: FormatName | Template | undefined
  /**
   * The name of the service, on every line.
   * @default the environment's `OTEL_SERVICE_NAME`, else `service.name` in its `OTEL_RESOURCE_ATTRIBUTES`
   */
  service?: string | undefined
  /**
   * The version of the service.
   * @default `service.version` in the environment's `OTEL_RESOURCE_ATTRIBUTES`
   */
  version?: string | undefined
  /**
   * Where the service runs: `production`, `staging`.
   * @default `deployment.environment.name` in the environment's `OTEL_RESOURCE_ATTRIBUTES`
   */
  environment?: string | undefined
  /**
   * The project of Google Cloud that the traces of requests belong to, for the format `gcp`.
   * @default the environment's `GOOGLE_CLOUD_PROJECT`
   */
  googleProject?: string | undefined
  /**
   * Whether each line begins with its priority (`<6>`), as the journal of systemd reads it.
   * @default whether `JOURNAL_STREAM` names stdout
   */
  journalPriority?: boolean | undefined
  /**
   * Where lines go instead of stdout: anything with `write(line)`.
   * @default stdout
   */
  destination?: Destination | undefined
  /**
   * How long a line may be, in bytes and with its newline: 4096 to 8000. Longer values are cut. Up to 4096, Linux never
   * mixes the lines of several processes that share a pipe.
   * @default 8000; 4096 in a worker of `node:cluster` whose stdout is a pipe, since it shares that of its primary
   */
  maxLineBytes?: number | undefined
  /**
   * How many bytes of lines are held for a reader of stdout that takes less than is written. Stdout belongs to the
   * process: where several loggers say it, the last one holds.
   * @default 8388608 (8 MiB)
   */
  maxHeldBytes?: number | undefined
  /**
   * What happens beyond that: lines are dropped and counted in a `log.dropped` line, or the service waits.
   * @default 'drop'
   */
  whenFull?: 'drop' | 'block' | undefined
}

/** The options of waybill. Each can be left out. */
export interface Options extends LoggerOptions {
  /** How request ids are read, checked, made and sent back. */
  requestId?: RequestIdOptions | undefined
  /**
   * Request details to log, by name: `query`, `client_ip`, `user_agent`, `host`, `referer`, `header:<name>`.
   * @default []
   */
  include?: readonly Include[] | undefined
  /**
   * The query keys whose values are shown; all others read `[redacted]`. Needs `include: ['query']`.
   * @default []
   */
  allowQuery?: readonly string[] | undefined
  /**
   * The level of the start event; `false` writes no start events.
   * @default 'info'
   */
  startLevel?: Level | false | undefined
  /**
   * Decides the level of the completion event.
   * @default 5xx 'error', other 4xx 'warn', the rest and every aborted request 'info'
   */
  completionLevel?: ((completion: Completion) => Level) | undefined
  /**
   * Whether code that a request runs knows it without being handed it: `requestId()`, `currentRequest()`, `log`, and
   * the id on lines of loggers that are not the request's own.
   * @default true
   */
  context?: boolean | undefined
  /**
   * Which hosts the id goes to with calls that are made while a request is handled, and the trace that it belongs to.
   * `true`: hosts that are inside, by loopback, private and link-local addresses, names of one label and those that end in
   * `.local`, `.internal`, `.svc`, `.cluster.local`, `.test` or `.localhost`. A list names hosts beside these, where
   * `*.shop.com` is every name below `shop.com`. A function decides alone, by the name of the host. Needs `context`.
   * @default true
   */
  propagate?: boolean | readonly string[] | ((host: string) => boolean) | undefined
  /**
   * Milliseconds from which a completion is marked `slow: true` and raised to 'warn' at least.
   * @default none is marked
   */
  slow?: number | undefined
}

/** The options of the middleware. Each can be left out. */
export interface MiddlewareOptions extends Options {
  /**
   * A pino logger of the app's own: the events go through it, and `req.log` is a child of it. Its level, redaction and
   * destination hold, so the options about those have no effect and are refused.
   * @default a logger that writes as the other options say
   */
  logger?: ParentLogger | undefined
}

/** What the middleware adds to a request. */
export interface RequestLog {
  /** The request id: the one that the client sent in `X-Request-Id` if it is acceptable, else a new one. */
  id: string
  /** A logger whose lines carry the id. */
  log: Logger
  /** The record of the request in waybill's ledger. */
  waybill: CurrentRequest
}

/** The current request, as its handlers see it. */
export interface CurrentRequest {
  /**
   * Adds fields to the completion line of this request, after the built-in ones, which can't be overwritten. The
   * values are copied now; what JSON can't hold is omitted. After the completion it emits the process warning
   * `WAYBILL_WARN_LATE`, and does nothing else.
   *
   * @example
   * request.waybill.add({ user_id: 42, cache: 'hit' })
   */
  add(fields: object): void
  /**
   * Tells the error that this request failed with, for code that catches errors itself: its completion carries the error,
   * if its status is 400 or above or it does not end well. After the completion it emits the process warning
   * `WAYBILL_WARN_LATE`.
   *
   * @example
   * handle(request).catch((error) => {
   *   request.waybill.fail(error)
   *   response.writeHead(500).end()
   * })
   */
  fail(error: unknown): void
}

/** Writes one line: its fields, then its message. */
type LogLine = (fields: object, message: string) => void

/** The part of a request's logger that waybill uses; pino's loggers and all others that Fastify accepts have it. */
export type RequestLogger = { readonly [level in Level]: LogLine } & {
  isLevelEnabled?(level: LogLevel): boolean
  bindings?(): Record<string, unknown>
}

/** A logger that makes others, which carry more on their lines. */
export type ParentLogger = RequestLogger & { child(bindings: Record<string, unknown>): RequestLogger }
