import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Level, LogLevel, Outcome } from './vocabulary.js'

/** A request, as the functions among the options see it: it can't be changed, and what it says is not redacted. */
export interface RequestView {
  readonly id: string
  /** `undefined`, like the path, when the request can't be parsed. */
  readonly method: string | undefined
  /** The requested path, without the query. */
  readonly path: string | undefined
  /** The pattern that matched, such as `/users/:id`; `undefined` on a 404, and on Express until the completion. */
  readonly route: string | undefined
  /** With names in lower case; empty when the request can't be parsed. */
  readonly headers: Readonly<IncomingHttpHeaders>
}

/** A request that has ended: the argument of `completionLevel`. */
export interface Completion extends RequestView {
  /** As sent; if none was, 499 when the client left, 408 after a timeout, else `undefined`. */
  readonly status: number | undefined
  /** In milliseconds; `undefined` when the request can't be parsed, because its beginning is not known. */
  readonly durationMs: number | undefined
  readonly outcome: Outcome
  /** Whether it took as long as the option `slow`, or longer. */
  readonly slow: boolean
  /** What was thrown, when the request failed. */
  readonly error: unknown
  /** The level the line would have without this option. */
  readonly level: Level
}

/** A path (`/health`), a pattern in which `*` stands for any characters (`/assets/*`), or a function of the request. */
export type QuietRule = string | ((request: RequestView) => boolean)

/** Which requests a sample keeps. */
export interface SampleOptions {
  /** The part of requests that is kept: a number from 0 to 1. */
  rate: number
  /**
   * How many requests of each route are kept in a minute beside these, by each process: a whole number, 0 or more.
   * @default 1
   */
  perRoute?: number | undefined
}

/** The options about which events are written, and at which level. Each can be left out. */
export interface PolicyOptions {
  /**
   * The level of the start event, or a function that decides it; `false` writes no start event. If the function throws or
   * returns anything else, the default holds.
   * @default 'info'
   */
  startLevel?: Level | false | ((request: RequestView) => Level | false) | undefined
  /**
   * Decides the level of the completion event; `'silent'` writes none. If it throws or returns anything else, the default
   * holds.
   * @default 5xx 'error', other 4xx 'warn', the rest and every aborted request 'info'
   */
  completionLevel?: ((completion: Completion) => LogLevel) | undefined
  /**
   * Requests that are logged only if something is wrong with them: an array of paths, patterns and functions. Such a
   * request has no lines, or both if it ends with a 5xx, a 429, an error, an outcome other than `completed` or `upgraded`,
   * if it is slow, or if `completionLevel` raises its level to `warn` or above. In Fastify, `config: { waybill: { quiet:
   * true } }` makes one route quiet. A function that throws or returns no boolean makes nothing quiet.
   * @default []
   *
   * @example
   * quiet: ['/health', '/assets/*', (request) => request.headers['user-agent'] === 'probe']
   */
  quiet?: readonly QuietRule[] | undefined
  /**
   * The part of requests that is logged, from 0 to 1, chosen by their ids, so that services that share the ids keep the
   * same requests. Each line of these carries `sample_rate`. The first of each route in a minute, and all that `quiet` would
   * log, are logged too; they carry none and count once.
   * @default 1: all
   *
   * @example
   * sample: { rate: 0.1, perRoute: 2 }
   */
  sample?: number | SampleOptions | undefined
  /**
   * How many milliseconds a request is open before it has a line `request.running`; it has further ones after twice as long,
   * four times as long, and so on. A number above 0. Upgraded connections have none.
   * @default no request has such lines
   */
  runningAfter?: number | undefined
  /**
   * Fields for each completion that is written, from the request as it ended and its response. Those that handlers have added
   * win. If it throws or returns no object, there are none.
   * @default no fields
   *
   * @example
   * fields: ({ headers }, response) => ({ tenant: headers['x-tenant'], cache: response.headers['x-cache'] })
   */
  fields?: ((request: Completion, response: ResponseView) => object) | undefined
}

/** The head of a response as it was sent. */
export interface ResponseView {
  /** `undefined`, and no headers, if none was sent. */
  readonly status: number | undefined
  /** With names in lower case. */
  readonly headers: Readonly<OutgoingHttpHeaders>
}

/** The settings of one route of Fastify, under `waybill` in its `config`. */
export interface RouteConfig {
  /** Whether the requests of the route are logged only if something is wrong with them, as by the option `quiet`. */
  quiet?: boolean | undefined
}
