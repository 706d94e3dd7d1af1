/** The levels of a line, lowest first. */
export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

/** The level of a line. */
export type Level = (typeof LEVELS)[number]

/** The level from which lines are written; `silent` writes none. */
export type LogLevel = Level | 'silent'

/** Whether a value is the name of a level. */
export function isLevel(value: unknown): value is Level {
  return LEVELS.includes(value as Level)
}

/**
 * How a request ended: `completed`, the whole response was handed to the operating system; `aborted`, the client
 * left first; `timeout`, a timeout of the server's ended it; `destroyed`, the server broke the response off after its
 * headers; `rejected`, it was answered before any route ran; `upgraded`, the connection became something else;
 * `unfinished`, the process ended with the request open.
 */
export type Outcome =
  | 'completed'
  | 'aborted'
  | 'timeout'
  | 'destroyed'
  | 'rejected'
  | 'upgraded'
  | 'unfinished'

/** The formats that a word asks for. */
export const FORMAT_NAMES = ['json', 'pretty', 'logfmt', 'ecs', 'gcp', 'datadog', 'otel', 'combined'] as const

/**
 * How lines look: `json`, the native line; `pretty`, for a person at a terminal; `logfmt`; `ecs`, Elastic Common Schema;
 * `gcp`, Google Cloud Logging; `datadog`; `otel`, OpenTelemetry; `combined`, the access log of Apache and nginx.
 */
export type FormatName = (typeof FORMAT_NAMES)[number]

/** No line is longer, in bytes and with its newline: Heroku and Splunk cut at 10,000, with an envelope of their own. */
export const MAX_LINE_BYTES = 8000

/** What Linux writes to a pipe whole or not at all (PIPE_BUF, pipe(7)), however many processes write there. */
export const PIPE_BYTES = 4096
