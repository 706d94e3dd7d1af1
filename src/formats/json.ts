import type { Sources } from './encoder.js'
import type { Format } from './format.js'
import { fitLine } from './limit.js'
import { lineFormat } from './line-format.js'
import { json } from './syntax.js'
import { native } from './templates/native.js'
import { escapeJson } from './text.js'

/** What pino writes first; it can't be told to write the timestamp before the level. */
const PINO_ENVELOPE = /^\{("level":"[a-z]+"),("timestamp":"[^"]+")/

/** What is never left out of a log line of the app's own. */
export const LOG_LINE_KEEPS: ReadonlySet<string> = new Set([
  'timestamp',
  'level',
  'request_id',
  'message',
  'error',
  'err',
])

/** The native format: one flat JSON object a line, as pino writes the app's own lines, which need no second look. */
export function jsonFormat(sources: Sources, maxLineBytes: number): Format {
  return {
    ...lineFormat(native, json, sources, maxLineBytes),
    addsService: false,
    logLine: (line) =>
      fitLine(escapeJson(line.replace(PINO_ENVELOPE, '{$2,$1')), maxLineBytes, LOG_LINE_KEEPS),
  }
}
