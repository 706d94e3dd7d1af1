import type { Entry } from '../entry.js'
import type { Level } from '../vocabulary.js'
import { completionMessage, type EventFields, type Field, startMessage } from './fields.js'
import type { Format } from './format.js'
import { fitLine } from './limit.js'
import { encodeText, encodeValue, escapeJson } from './text.js'
import { isoTime } from './time.js'

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

/** The native format: one flat JSON object a line. */
export function jsonFormat(fields: EventFields, maxLineBytes: number): Format {
  const encodeStarted = compileFields(fields.started)
  const encodeCompleted = compileFields(fields.completed)

  function finish(entry: Entry, level: Level, encoded: string, message: string, tail: string): string {
    const envelope = `{"timestamp":"${isoTime(entry.time)}","level":"${level}"`
    const truncated = entry.truncated ? ',"truncated":true' : ''
    return fitLine(
      `${envelope}${encoded},"message":${encodeText(message)}${tail}${truncated}}\n`,
      maxLineBytes,
      fields.reserved,
    )
  }

  return {
    started: (entry, level) => finish(entry, level, encodeStarted(entry), startMessage(entry), ''),
    completed: (entry, level) =>
      finish(entry, level, encodeCompleted(entry), completionMessage(entry), encodeAdded(entry)),
    logLine: (line) =>
      fitLine(escapeJson(line.replace(PINO_ENVELOPE, '{$2,$1')), maxLineBytes, LOG_LINE_KEEPS),
  }
}

/** Compiles fields into one function that writes those that are present, each with a comma before it. */
function compileFields(fields: readonly Field[]): (entry: Entry) => string {
  const compiled = fields.map(({ key, read }) => ({ prefix: `,${encodeText(key)}:`, read }))
  return (entry) => {
    let encoded = ''
    for (const { prefix, read } of compiled) {
      const value = read(entry)
      if (value === undefined) continue
      if (typeof value === 'string') encoded += prefix + encodeText(value)
      else if (typeof value === 'object') encoded += prefix + encodeValue(value)
      else encoded += prefix + value
    }
    return encoded
  }
}

function encodeAdded({ added }: Entry): string {
  if (added === undefined) return ''
  let encoded = ''
  for (const [key, value] of added.fields) encoded += `,${encodeText(key)}:${encodeValue(value)}`
  return encoded
}
