import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Logger } from 'pino'
import type { PolicyOptions } from './policies.js'
import type { FormatName, Level, LogLevel } from './vocabulary.js'

/** Takes the finished lines. Each call gets one whole line, with its newline. */
export interface Destination {
  write(line: string): void
}

/** A request as Node.js hands it over, before any framework has seen it. */
export type RawRequest = IncomingMessage | Http2ServerRequest

/**
 * A format as data: an object in the shape of its lines. A string that begins with `$` names a source, and after a colon
 * the form of its value (`$duration:s`); a source without a value is omitted from the line. All other values are written
 * as they are. A key that begins with `*` spreads the fields of its source: `'*': '$added'`.
 *
 * @example
 * const format: Template = { time: '$time', id: '$request_id', http: { code: '$status', seconds: '$duration:s' } }
 */
export interface Template {
  readonly [key: string]: TemplateValue
}

/** The value of a key of a {@link Template}. */
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
   * Whose ids to accept. A well-formed id that is not accepted is logged as `client_request_id`, and the request gets a
   * new one. A function returns `true` to accept; if it throws or returns no boolean, the id is not accepted.
   * @default 'always'
   */
  trust?: 'always' | 'never' | ((request: RawRequest) => boolean) | undefined
  /**
   * Makes a new id: 1 to 128 letters, digits and `._~+/=@:-`, of which the first is a letter or digit. A UUID replaces any
   * other result.
   * @default UUID version 7 (RFC 9562)
   */
  generate?: ((request: RawRequest) => string) | undefined
  /**
   * The response header that carries the id back; `false` sends none. It can't be a header that has another use, such as
   * `Content-Type`.
   * @default the first name of `header`
   */
  responseHeader?: string | false | undefined
}

/**
 * The options about where lines go and how they look. Each can be left out. On an app with its own logger, all but
 * `maxLineBytes` and `redact` are refused, because that logger writes the lines.
 */
export interface LoggerOptions {
  /**
   * The lowest level that is written.
   * @default the environment's `LOG_LEVEL`, else 'info'
   */
  level?: LogLevel | undefined
  /**
   * How lines look: the name of a format, or an object in the shape of a line.
   * @default the environment's `LOG_FORMAT`, else 'pretty' when stdout is a terminal and 'json' when it is not
   */
  format?: FormatName | Template | undefined
  /**
   * The name of the service, on every line.
   * @default the environment's `OTEL_SERVICE_NAME`, else `service.name` in its `OTEL_RESOURCE_ATTRIBUTES`
   */
  service?: string | undefined
  /**
   * The version of the service, on every line.
   * @default `service.version` in the environment's `OTEL_RESOURCE_ATTRIBUTES`
   */
  version?: string | undefined
  /**
   * Where the service runs: `production`, `staging`. On every line.
   * @default `deployment.environment.name` in the environment's `OTEL_RESOURCE_ATTRIBUTES`
   */
  environment?: string | undefined
  /**
   * The Google Cloud project of the traces, for the format `gcp`.
   * @default the environment's `GOOGLE_CLOUD_PROJECT`
   */
  googleProject?: string | undefined
  /**
   * Whether each line begins with its priority (`<6>`), as the journal of systemd reads it.
   * @default whether `JOURNAL_STREAM` names stdout
   */
  journalPriority?: boolean | undefined
  /**
   * An object whose function `write(line)` is called for each line, within the request. A stream to a file is refused,
   * because it loses lines when the process exits.
   * @default stdout
   */
  destination?: Destination | undefined
  /**
   * How long a line may be, in bytes with its newline: a whole number from 4096 to 8000. Long values are cut to fit. Linux
   * never mixes lines up to 4096 bytes of several processes that share a pipe.
   * @default 8000; 4096 in a worker of `node:cluster` whose stdout is a pipe, because it shares that of its primary
   */
  maxLineBytes?: number | undefined
  /**
   * Redacts, beside secrets: fields that are added or logged, by paths in pino's syntax (`user.email`, `*.iban`,
   * `items[*].price`), details of `include` (`headers.x-user`, `client_ip`, `query.code`), and parameters of routes
   * (`path.token` shows `/reset/[redacted]`; `path` shows no path). Secrets are keys whose last word is `password`, `passwd`,
   * `authorization`, `cookie`, `token`, `secret` or `apikey`, at any depth; `false` redacts nothing. An app's own logger
   * redacts its own lines.
   * @default []
   */
  redact?: readonly string[] | false | undefined
  /**
   * How many bytes of lines are kept in memory for a slow reader of stdout: a whole number, 8000 or more. It holds for the
   * whole process: the last logger to set it decides. It has no effect with a `destination`, and is refused there.
   * @default 8388608 (8 MiB)
   */
  maxHeldBytes?: number | undefined
  /**
   * What happens to lines beyond `maxHeldBytes`: `drop` drops them and counts them in a `log.dropped` line; `block` makes the
   * service wait. It has no effect with a `destination`, and is refused there.
   * @default 'drop'
   */
  whenFull?: 'drop' | 'block' | undefined
}

/**
 * The options of waybill. Each can be left out.
 *
 * @example
 * const options: Options = { include: ['client_ip'], slow: 500 }
 */
export interface Options extends LoggerOptions, PolicyOptions {
  /** How request ids are read, checked, made and sent back. */
  requestId?: RequestIdOptions | undefined
  /**
   * Request details to log, by name: `query`, `client_ip`, `user_agent`, `host`, `referer`, `header:<name>`.
   * @default []
   */
  include?: readonly Include[] | undefined
  /**
   * The query keys whose values are logged; all others read `[redacted]`. It has no effect without `include: ['query']`, and
   * is refused then.
   * @default []
   */
  allowQuery?: readonly string[] | undefined
  /**
   * Whether code that runs during a request can reach its context without passing it along: `requestId()`,
   * `currentRequest()`, `log`, and the id on the lines of other loggers.
   * @default true
   */
  context?: boolean | undefined
  /**
   * Which hosts get the request id, and its trace, with calls that a request makes. `true`: inside hosts, which are loopback,
   * private and link-local addresses, names of one label, and names that end in `.local`, `.internal`, `.svc`,
   * `.cluster.local`, `.test` or `.localhost`. A list adds hosts to these; `*.shop.com` stands for every name below
   * `shop.com`. A function gets the name of the host and decides alone. It has no effect with `context: false`.
   * @default true
   */
  propagate?: boolean | readonly string[] | ((host: string) => boolean) | undefined
  /**
   * How many milliseconds make a request slow, 0 or more: its completion has `slow: true`, and at least the level 'warn'.
   * @default no request is slow
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
  /** The record of the request, to add fields and errors to. */
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
