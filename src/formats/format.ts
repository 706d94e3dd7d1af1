import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'

/** How events and the app's own log lines become lines; each line ends with a newline. */
export interface Format {
  /** An empty text where a format has no line for it. */
  started(entry: RequestRecord, level: Level): string
  completed(entry: RequestRecord, level: Level): string
  /** Takes a line as pino wrote it: JSON with `level`, `timestamp`, bindings, fields and `message`. */
  logLine(line: string): string
  /** Whether its log lines say what the service is; where not, what it is given must. */
  readonly addsService: boolean
  /** Whether stdout is for events alone, and the app's own lines go to stderr. */
  readonly logsToStderr?: boolean
}
