import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Logger } from 'pino'
import type { PolicyOptions } from './policies.js'
import type { FormatName, Level, LogLevel } from './vocabulary.js'

/** Receives the finished lines. Each call gets one whole line, with its newline. */
export interface Destination {
  write(line: string): void
}

/** A request as Node.js creates it, before any framework extends it. */
export type RawRequest = IncomingMessage | Http2ServerRequest

/**
 * A format as data: an object in the shape of its lines. A string that begins with `$` names a source and, after a colon,
 * the form of its value (`$duration:s`); a source without a value is omitted. All other values are written as they are
 * (`$$` stands for `$`). A key that begins with `*` spreads the fields of its source: `'*': '$added'`.
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
export type Include =
  | 'query'
  | 'client_ip'
  | 'user_agent'
  | 'host'
  | 'referer'
  | `header:${string}`
  | 'request_bytes'
  | 'first_byte_ms'
  | `response:${string}`

/** How request ids are read, checked, made and sent back. */
export interface RequestIdOptions {
  /**
   * The request headers that may carry the id, in order of preference. The first one present decides.
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
   * Generates an id: 1 to 128 letters, digits and `._~+/=@:-`, of which the first is a letter or digit. A UUID replaces any
   * other result.
   * @default UUID version 7 (RFC 9562)
   */
  generate?: ((request: RawRequest) => string) | undefined
  /**
   * The response header that returns the id; `false` sends none. It can't be a header that has another use, such as
   * `Content-Type`.
   * @default the first name in `header` that has no other use
   */
  responseHeader?: string | false | undefined
}

/**
 * The options about where lines go and how they look, all optional. In an app with its own logger, that logger writes the
 * lines, so all but `maxLineBytes` and `redact` are refused.
 */
export interface LoggerOptions {
  /**
   * The lowest level that is written.
   * @default the environment's `LOG_LEVEL`, else 'info'
   */
  level?: LogLevel | undefined
  /**
   * The format of lines: a name, or an object in the shape of a line.
   * @default the environment's `LOG_FORMAT`, else 'pretty' if stdout is a terminal, else 'json'
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
   * Where the service runs, such as `production` or `staging`, on every line.
   * @default `deployment.environment.name`, else `deployment.environment`, in the environment's `OTEL_RESOURCE_ATTRIBUTES`
   */
  environment?: string | undefined
  /**
   * The Google Cloud project of the traces, for the format `gcp`.
   * @default the environment's `GOOGLE_CLOUD_PROJECT`
   */
  googleProject?: string | undefined
  /**
   * Whether each line begins with its priority (`<6>`) for systemd's journal.
   * @default whether the environment's `JOURNAL_STREAM` names stdout
   */
  journalPriority?: boolean | undefined
  /**
   * An object whose method `write(line)` is called with each line, within the context of its request. A stream to a file is
   * refused, because it loses lines when the process exits.
   * @default stdout
   */
  destination?: Destination | undefined
  /**
   * The longest line, in bytes with its newline: a whole number from 4096 to 8000. Long values are cut to fit. Linux never
   * interleaves lines of up to 4096 bytes from processes that share a pipe (PIPE_BUF).
   * @default 8000; 4096 in a worker of `node:cluster` whose stdout is a pipe, because all workers share it
   */
  maxLineBytes?: number | undefined
  /**
   * What to redact besides secrets: added and logged fields, by paths in pino's syntax (`user.email`, `*.iban`,
   * `items[*].price`); details of `include` (`headers.x-user`, `client_ip`, `query.code`); route parameters (`path.token`
   * shows `/reset/[redacted]`; `path` hides the whole path). Secrets are keys whose last word is `password`, `passwd`,
   * `authorization`, `cookie`, `token`, `secret` or `apikey`, at any depth. `false` redacts nothing. An app's own logger
   * redacts its own lines.
   * @default []
   */
  redact?: readonly string[] | false | undefined
  /**
   * How many bytes of lines are held in memory for a slow reader of stdout: a whole number, 8000 or more. It applies to the
   * whole process; the last logger to set it wins. It has no effect with a `destination`, and is refused there.
   * @default 8388608 (8 MiB)
   */
  maxHeldBytes?: number | undefined
  /**
   * What happens to lines beyond `maxHeldBytes`: `drop` drops them and counts them in a `log.dropped` line; `block` blocks the
   * service. It has no effect with a `destination`, and is refused there.
   * @default 'drop'
   */
  whenFull?: 'drop' | 'block' | undefined
}

/**
 * The options of waybill, all optional.
 *
 * @example
 * const options: Options = { include: ['client_ip'], slow: 500 }
 */
export interface Options extends LoggerOptions, PolicyOptions {
  /** How request ids are read, checked, made and sent back. */
  requestId?: RequestIdOptions | undefined
  /**
   * Request details to log, by name: `query`, `client_ip`, `user_agent`, `host`, `referer`, `header:<name>`; and of the
   * completion alone: `response:<name>`, a header of the response; `request_bytes`, the bytes of the body that the service has
   * read; `first_byte_ms`, the milliseconds until the head of the response.
   * @default []
   */
  include?: readonly Include[] | undefined
  /**
   * The query keys whose values are logged; all others read `[redacted]`. It has no effect without `include: ['query']`, and
   * is refused there.
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
   * Which hosts get the request id and the trace with calls that a request makes. `true`: inside hosts, which are loopback,
   * private and link-local addresses, names of one label, and names that end in `.local`, `.internal`, `.svc`,
   * `.cluster.local`, `.test` or `.localhost`. A list adds hosts to these; `*.shop.com` stands for every name below
   * `shop.com`. A function gets the host and decides alone. It has no effect with `context: false`, and is refused there.
   * @default true
   */
  propagate?: boolean | readonly string[] | ((host: string) => boolean) | undefined
  /**
   * From how many milliseconds a request is slow, 0 or more: its completion has `slow: true` and at least the level 'warn'.
   * @default no request is slow
   */
  slow?: number | undefined
}

/** The options of the middleware, all optional. */
export interface MiddlewareOptions extends Options {
  /**
   * The app's own pino logger: the events go through it, with its level, redaction and destination, and `req.log` is a child
   * of it. Options about where lines go and how they look are refused, as {@link LoggerOptions} says.
   * @default a logger that waybill creates from the other options
   */
  logger?: ParentLogger | undefined
}

/** What the middleware adds to a request. */
export interface RequestLog {
  /** The request id: the one that the client sent if it is accepted, else a new one. */
  id: string
  /** A logger whose lines carry the id. */
  log: Logger
  /** The record of the request, to add fields and errors to. */
  waybill: CurrentRequest
}

/** The current request, as its handlers see it. */
export interface CurrentRequest {
  /**
   * Adds fields to the completion line, after the built-in ones, which can't be overwritten. Values are copied now; what JSON
   * can't hold is omitted. After the completion it only emits the warning `WAYBILL_WARN_LATE`, unless the client had left.
   *
   * @example
   * request.waybill.add({ user_id: 42, cache: 'hit' })
   */
  add(fields: object): void
  /**
   * Adds fields to the completion, and to all lines of the request from now on. Where the app has its own logger, these are
   * the lines of `request.log` and `log`; child loggers that exist already keep theirs. For the rest it is {@link add}.
   *
   * @example
   * request.waybill.bind({ user_id: 42 })
   */
  bind(fields: object): void
  /**
   * Writes the log lines that the option `hold` has kept of this request, and all later ones at once.
   *
   * @example
   * if (total < 0) request.waybill.flush()
   */
  flush(): void
  /**
   * Reports the error with which this request failed, for code that catches errors itself: the completion carries it,
   * unless the request is completed with a status below 400. After the completion it emits the process warning
   * `WAYBILL_WARN_LATE`; if the client had left, the line about the late answer carries the error instead.
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

/** The part of a request's logger that waybill uses; pino's loggers have it, and all others that Fastify accepts. */
export type RequestLogger = { readonly [level in Level]: LogLine } & {
  isLevelEnabled?(level: LogLevel): boolean
  bindings?(): Record<string, unknown>
}

/** A logger that creates child loggers, whose lines carry more fields. */
export type ParentLogger = RequestLogger & { child(bindings: Record<string, unknown>): RequestLogger }
