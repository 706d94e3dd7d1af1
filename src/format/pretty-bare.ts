import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import type { EventFields, Field } from './fields.js'
import type { Heads } from './pretty-columns.js'
import { HEAD_FIELDS, RESET } from './pretty-row.js'
import { UNPARSED } from './values.js'

/** More than an event takes as JSON, and as it is shown, beside the texts that a client chose. */
const ENVELOPE_BYTES = 512
/** What a UTF-16 unit takes at most, either way: that of `\u202e`. */
const UNIT_BYTES = 6

/** Prints an event as its head; undefined if there is more to say. */
export type PrintBare = (entry: RequestRecord, level: Level) => string | undefined

/** Prints the events that are short and have nothing beside what their head says. */
export function bareEvents(
  { started, completed }: EventFields,
  heads: Heads,
  colors: boolean,
  maxLineBytes: number,
): { started: PrintBare; completed: PrintBare } {
  const maxUnits = Math.floor((maxLineBytes - ENVELOPE_BYTES) / UNIT_BYTES)
  const endLine = colors
    ? (head: string): string => `${RESET}${head}${RESET}\n`
    : (head: string, path?: string): string => `${endsPlain(path) ? head : head.trimEnd()}\n`
  const besideStart = beside(started)
  const besideCompletion = beside(completed)

  function isBare(entry: RequestRecord, level: Level, fields: readonly Field[]): boolean {
    for (const { read } of fields) if (read(entry, level) !== undefined) return false
    return entry.added === undefined && !entry.truncated && unitsOf(entry) <= maxUnits
  }

  return {
    started: (entry, level) =>
      isBare(entry, level, besideStart) ? endLine(heads.started(entry), entry.path) : undefined,
    completed: (entry, level) =>
      isBare(entry, level, besideCompletion) ? endLine(heads.completed(entry), entry.path) : undefined,
  }
}

/** Whether a head ends without a space.  */
function endsPlain(path = UNPARSED): boolean {
  const last = path.charCodeAt(path.length - 1)
  return last > 0x20 && last < 0x7f
}

/** The fields that a head does not say. */
function beside(fields: readonly Field[]): Field[] {
  return fields.filter(({ key }) => !HEAD_FIELDS.includes(key))
}

/** How long the texts of an event are: those of its message stand there twice. */
function unitsOf({ requestId, method = '', path = '', route = '' }: RequestRecord): number {
  return requestId.length + 2 * (method.length + path.length) + route.length
}
