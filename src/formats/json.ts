import type { Sources } from './encoder.js'
import type { Format } from './format.js'
import { fitLine } from './limit.js'
import { lineFormat } from './line-format.js'
import { readLogLine } from './log-row.js'
import { json } from './syntax.js'
import { native } from './templates/native.js'
import { escapeJson } from './text.js'

/** What pino writes first; it can't be told to write the timestamp before the level. */
const PINO_ENVELOPE = /^\{("level":"[^"\\]+"),("timestamp":"[^"]+")/

const ENVELOPE: ReadonlySet<string> = new Set(['level', 'timestamp'])

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
    logLine: (line) => fitLine(escapeJson(ordered(line)), maxLineBytes, LOG_LINE_KEEPS),
  }
}

/** A line with its timestamp first, and with one timestamp and one level, whatever the app has logged under these names. */
function ordered(line: string): string {
  const [envelope, level, timestamp] = PINO_ENVELOPE.exec(line) ?? []
  if (envelope === undefined) return line
  const rest = line.slice(envelope.length)
  const again = rest.includes('"level":') || rest.includes('"timestamp":')
  return `{${timestamp},${level}${again ? withoutEnvelope(line, rest) : rest}`
}

/** What follows the timestamp and the level of a line, with other names for what has theirs. */
function withoutEnvelope(line: string, rest: string): string {
  const fields = Object.entries(readLogLine(line).fields)
  if (!fields.some(([key]) => ENVELOPE.has(key))) return rest
  const renamed = fields.map(([key, value]) => [ENVELOPE.has(key) ? `${key}_` : key, value])
  return `,${JSON.stringify(Object.fromEntries(renamed)).slice(1)}\n`
}
