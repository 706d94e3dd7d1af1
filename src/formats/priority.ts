import type { Level } from '../vocabulary.js'
import type { Format } from './format.js'

/** The priorities of syslog (RFC 5424, table 2), as the journal of systemd reads them at the beginning of a line. */
const PREFIX: Readonly<Record<Level, string>> = {
  trace: '<7>',
  debug: '<7>',
  info: '<6>',
  warn: '<4>',
  error: '<3>',
  fatal: '<2>',
}

/** How many bytes a prefix takes. */
export const PREFIX_BYTES = 3

/** What pino writes first. */
const PINO_LEVEL = /^\{"level":"([a-z]+)"/

/** Begins every line with its priority. */
export function withPriority(format: Format): Format {
  return {
    ...format,
    started: (entry, level) => prefixed(format.started(entry, level), level),
    completed: (entry, level) => prefixed(format.completed(entry, level), level),
    // What goes to stderr is not what the journal reads.
    logLine: (line) =>
      format.logsToStderr
        ? format.logLine(line)
        : prefixed(format.logLine(line), PINO_LEVEL.exec(line)?.[1] as Level),
  }
}

function prefixed(line: string, level: Level): string {
  return line === '' ? '' : (PREFIX[level] ?? PREFIX.info) + line
}
