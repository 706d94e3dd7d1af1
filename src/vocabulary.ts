/** The levels of a line, lowest first. */
export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

/** The level of a line. */
export type Level = (typeof LEVELS)[number]

/** The lowest level that is written; `silent` writes no lines. */
export type LogLevel = Level | 'silent'

/** Whether a value is the name of a level. */
export function isLevel(value: unknown): value is Level {
  return LEVELS.includes(value as Level)
}

/**
 * How a request ended: `completed`, the whole response was handed to the operating system; `aborted`, the client left
 * first; `timeout`, a server timeout ended it; `destroyed`, the server broke the response off; `rejected`, it was answered
 * before any route ran; `upgraded`, the connection became something else, such as a WebSocket; `unfinished`, the process
 * or the server closed while the request was open.
 */
export type Outcome =
  | 'completed'
  | 'aborted'
  | 'timeout'
  | 'destroyed'
  | 'rejected'
  | 'upgraded'
  | 'unfinished'

/** The names of the built-in formats. */
export const FORMAT_NAMES = ['json', 'pretty', 'logfmt', 'ecs', 'gcp', 'datadog', 'otel', 'combined'] as const

/**
 * How lines look: `json`, the native line; `pretty`, for terminals; `logfmt`; `ecs`, Elastic Common Schema;
 * `gcp`, Google Cloud Logging; `datadog`; `otel`, OpenTelemetry; `combined`, the access log of Apache and nginx.
 */
export type FormatName = (typeof FORMAT_NAMES)[number]

/** The longest line, in bytes with its newline: Heroku and Splunk cut at 10,000, including their own envelope. */
export const MAX_LINE_BYTES = 8000

/** How many bytes Linux writes to a pipe atomically (PIPE_BUF, pipe(7)), even if several processes write. */
export const PIPE_BYTES = 4096
