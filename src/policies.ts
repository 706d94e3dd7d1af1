import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Level, LogLevel, Outcome } from './vocabulary.js'

/** A request as the functions among the options receive it: a read-only copy that is not redacted. */
export interface RequestView {
  readonly id: string
  /** `undefined`, like the path, if the request can't be parsed. */
  readonly method: string | undefined
  /** The requested path, without the query. */
  readonly path: string | undefined
  /** The pattern that matched, such as `/users/:id`; `undefined` on a 404, and on Express until the completion. */
  readonly route: string | undefined
  /** Names are in lower case; empty if the request can't be parsed. Not enumerable: copies and log lines of the view omit them. */
  readonly headers: Readonly<IncomingHttpHeaders>
}

/** An ended request: the argument of `completionLevel` and `fields`. */
export interface Completion extends RequestView {
  /** As sent; before any was, 499 if the client left and 408 at a timeout, else `undefined`. */
  readonly status: number | undefined
  /** In milliseconds; `undefined` if the request can't be parsed, because its start is unknown. */
  readonly durationMs: number | undefined
  readonly outcome: Outcome
  /** Whether it took at least `slow`; never true if upgraded. */
  readonly slow: boolean
  /** The last value thrown, if any. */
  readonly error: unknown
  /** The default level; for `fields`, the final one. */
  readonly level: Level
}

/** A path (`/health`), a pattern in which `*` matches any characters (`/assets/*`), or a function of the request. */
export type QuietRule = string | ((request: RequestView) => boolean)

/** The options of a sample. */
export interface SampleOptions {
  /** The proportion of requests to keep, from 0 to 1. */
  rate: number
  /**
   * How many requests of each route to keep at least, per minute and app: a whole number, 0 or more. Those without a route
   * count as one route.
   * @default 1
   */
  perRoute?: number | undefined
}

/** What is logged of the bodies of failed requests. */
export interface FailedBodyOptions {
  /** The keys at the top of the body that are logged. */
  keys: readonly string[]
  /**
   * How many bytes they may take together, as JSON: a whole number from 64 to 4096.
   * @default 2048
   */
  maxBytes?: number | undefined
}

/** The options that decide which events are written, and at which level. All are optional. */
export interface PolicyOptions {
  /**
   * The level of the start event, or a function that decides it; `false` writes no start event. If the function throws or
   * returns anything else, the default applies.
   * @default 'info'
   */
  startLevel?: Level | false | ((request: RequestView) => Level | false) | undefined
  /**
   * Decides the level of the completion event; `'silent'` writes none. If it throws or returns anything else, the default
   * applies.
   * @default 5xx, and what the service broke off with an error, 'error'; other 4xx 'warn'; the rest and all aborted requests
   *   'info', or 'warn' if slow
   */
  completionLevel?: ((completion: Completion) => LogLevel) | undefined
  /**
   * Requests that are logged only if something goes wrong: an array of paths, patterns and functions. Such a request has no
   * lines, or both if it ends with a 5xx, a 429, an error or an outcome other than `completed` and `upgraded`, if it is
   * slow or runs for `runningAfter`, or if `completionLevel` raises its level to `warn` or above. In Fastify,
   * `config: { waybill: { quiet: true } }` makes one route quiet. A function that throws or returns no boolean has no effect.
   * @default []
   *
   * @example
   * quiet: ['/health', '/assets/*', (request) => request.headers['user-agent'] === 'probe']
   */
  quiet?: readonly QuietRule[] | undefined
  /**
   * The proportion of requests to log, from 0 to 1, chosen by id, so that services with the same ids keep the same requests.
   * Their lines carry `sample_rate`. The first of each route per minute, and all that `quiet` would log, are logged, too;
   * their completions carry no rate, because each counts as one.
   * @default 1: all
   *
   * @example
   * sample: { rate: 0.1, perRoute: 2 }
   */
  sample?: number | SampleOptions | undefined
  /**
   * How many milliseconds a request runs before a line `request.running` is written; others follow after twice that time,
   * four times, and so on, at the level 'warn'. A number above 0. Upgraded connections have none.
   * @default no such lines
   */
  runningAfter?: number | undefined
  /**
   * The lowest level of the log lines and events of one request, when it starts; `undefined`: that of the app. Compare a secret
   * in constant time: whoever can switch this on can fill the log.
   * @default undefined for all requests
   *
   * @example
   * levelFor: ({ headers }) => (isDebugToken(headers['x-debug']) ? 'debug' : undefined)
   */
  levelFor?: ((request: RequestView) => LogLevel | undefined) | undefined
  /**
   * The lowest level of log lines of a request that are held although the logger does not write their level: they are written,
   * each with its own time, only if something is wrong with the request at its end (as for `quiet`; a line `request.running`
   * alone does not count), or when `request.waybill.flush()` is called. A request holds 100 lines and 64 KiB, the process
   * 16 MiB; the oldest are dropped first, and counted. It has no effect with a logger of the app's own that is not pino.
   * @default no lines are held
   */
  hold?: Level | undefined
  /**
   * Keys of the bodies of failed requests (4xx, 5xx, and those that did not end well), on their completions as `body`. Only of
   * bodies that the framework has parsed to objects; redacted as everything else.
   * @default no bodies
   *
   * @example
   * failedBody: { keys: ['sku', 'quantity'] }
   */
  failedBody?: FailedBodyOptions | undefined
  /**
   * Returns fields for each written completion, from the ended request and its response. Fields that handlers added win. If
   * it throws or returns no object, it adds none.
   * @default no fields
   *
   * @example
   * fields: ({ headers }, response) => ({ tenant: headers['x-tenant'], cache: response.headers['x-cache'] })
   */
  fields?: ((request: Completion, response: ResponseView) => object) | undefined
}

/** The head of a response as it was sent. */
export interface ResponseView {
  /** That of the completion; no headers if none was sent. */
  readonly status: number | undefined
  /** Names are in lower case. Not enumerable: copies and log lines of the view omit them. */
  readonly headers: Readonly<OutgoingHttpHeaders>
}

/** The settings of a Fastify route, under `waybill` in its `config`. */
export interface RouteConfig {
  /** Whether its requests are logged only if something goes wrong, as with the option `quiet`. */
  quiet?: boolean | undefined
}
