import type { Format } from './format.js'
import { fitLine } from './limit.js'
import { lineFormat } from './line-format.js'
import { membersOf } from './members.js'
import type { Sources } from './parts.js'
import { json } from './syntax.js'
import { native } from './templates/native.js'
import { escapeJson } from './text.js'

/** What pino writes first; it can't be told to write the timestamp before the level. */
const PINO_ENVELOPE = /^\{("level":"[^"\\]+"),("timestamp":"[^"]+")/

/** What stands before the other fields of a line, and what of the log's own stands among them. */
const ENVELOPE = ['"level":', '"timestamp":']
const ONCE = [
  'request_id',
  'trace_id',
  'span_id',
  'service',
  'version',
  'environment',
  'error',
  'message',
].map((name) => `"${name}":`)

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

/** A line with its timestamp first, and with each of the log's own fields once, whatever the app logs under these names. */
function ordered(line: string): string {
  const [envelope, level, timestamp] = PINO_ENVELOPE.exec(line) ?? []
  if (envelope === undefined) return line
  const rest = line.slice(envelope.length)
  const isForged =
    ENVELOPE.some((key) => rest.includes(key)) ||
    ONCE.some((key) => rest.indexOf(key) !== rest.lastIndexOf(key))
  return `{${timestamp},${level}${isForged ? renamed(rest) : rest}`
}

/** The fields behind the timestamp and the level, where only one has each name; the log's own keep theirs. */
function renamed(rest: string): string {
  const members = membersOf(`{${rest.slice(1)}`)
  // pino writes its own message last, and all else of its own first.
  const message = members.findLastIndex(([key]) => key === 'message')
  const used = new Set(['timestamp', 'level', ...(message === -1 ? [] : ['message'])])
  const fields = members.map(([key, value], index) => {
    let name = key
    while (index !== message && used.has(name)) name += '_'
    used.add(name)
    return `,${JSON.stringify(name)}:${value}`
  })
  return `${fields.join('')}}\n`
}
