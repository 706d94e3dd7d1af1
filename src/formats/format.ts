import type { Entry } from '../entry.js'
import type { Level } from '../vocabulary.js'

/** How events and the app's own log lines become lines; each line ends with a newline. */
export interface Format {
  started(entry: Entry, level: Level): string
  completed(entry: Entry, level: Level): string
  /** Takes a line as pino wrote it: JSON with `level`, `timestamp`, bindings, fields and `message`. */
  logLine(line: string): string
}
