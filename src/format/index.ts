import type { Terminal } from '../environment.js'
import type { Template } from '../options.js'
import type { Capture } from '../request/details.js'
import type { RequestRecord } from '../request/record.js'
import type { FormatName, Level } from '../vocabulary.js'
import { combinedFormat } from './combined.js'
import { nativeFields } from './fields.js'
import { json } from './json.js'
import { lineFormat, type Values } from './line.js'
import type { LogRow } from './log-line.js'
import { logfmt } from './logfmt.js'
import { native, nativeFlat } from './native.js'
import { prettyFormat } from './pretty/index.js'
import { READER_TEMPLATES } from './templates.js'
import { detailValues, type Service, serviceValues, VALUES } from './values.js'

/** Formats events and the app's own log lines; each line ends with a newline. */
export interface Format {
  /** Returns an empty string if the format has no line for the event. */
  started(record: RequestRecord, level: Level): string
  running(record: RequestRecord, level: Level): string
  completed(record: RequestRecord, level: Level): string
  logLine(row: LogRow): string
  /** Whether starts are held back until a request takes long or logs something. */
  readonly holdsStarts?: boolean
  /** Whether stdout carries only events, and the app's own lines go to stderr. */
  readonly logsToStderr?: boolean
  readonly summary?: Summary
}

/** What the view of a terminal says of all requests when the process ends. */
export interface Summary {
  /** Calls a function when requests are to be expected: the first that any logger of the process gives. */
  whenBegun(begin: () => void): void
  begin(): void
  /** The summary; empty where no request was seen, and from the second time on. */
  take(): string
}

/** The settings that decide how lines look. */
export interface FormatSettings extends Service {
  readonly format: FormatName | Template
  readonly colors: boolean
  /** What the terminal view depends on. */
  readonly terminal: Terminal
  /** Whether the view sums up the requests when the process ends. */
  readonly summary: boolean
  readonly maxLineBytes: number
  /** The Google Cloud project of the traces. */
  readonly project: string | undefined
  /** Whether lines begin with their priority for systemd's journal. */
  readonly priority: boolean
}

/** Creates the format that the settings name. */
export function createFormat(settings: FormatSettings, captures: readonly Capture[]): Format {
  const { priority, maxLineBytes } = settings
  if (!priority) return formatOf(settings, captures, maxLineBytes)
  return withPriority(formatOf(settings, captures, maxLineBytes - PREFIX_BYTES))
}

function formatOf(settings: FormatSettings, captures: readonly Capture[], maxLineBytes: number): Format {
  const { format, colors, project, terminal, summary } = settings
  const values: Values = {
    named: { ...VALUES, ...serviceValues(settings, project) },
    included: detailValues(captures),
  }
  const inJson = (template: Template): Format => lineFormat(template, json, values, maxLineBytes)
  if (typeof format === 'object') return inJson(format)
  switch (format) {
    case 'json':
      return inJson(native)
    case 'pretty':
      return {
        ...prettyFormat(nativeFields(captures), { colors, maxLineBytes, terminal, summary }),
        holdsStarts: true,
      }
    case 'logfmt':
      return lineFormat(nativeFlat, logfmt, values, maxLineBytes)
    case 'combined':
      return combinedFormat(values, inJson(native).logLine, maxLineBytes)
    default:
      return inJson(READER_TEMPLATES[format])
  }
}

/** Syslog priorities (RFC 5424, table 2), as systemd's journal reads them at the beginning of a line. */
const PREFIX: Readonly<Record<Level, string>> = {
  trace: '<7>',
  debug: '<7>',
  info: '<6>',
  warn: '<4>',
  error: '<3>',
  fatal: '<2>',
}
const PREFIX_BYTES = 3

/** Puts its priority before every line. */
function withPriority(format: Format): Format {
  return {
    ...format,
    started: (record, level) => prefixed(format.started(record, level), level),
    running: (record, level) => prefixed(format.running(record, level), level),
    completed: (record, level) => prefixed(format.completed(record, level), level),
    // Whether stderr is the journal, too, is not known.
    logLine: (row) => (format.logsToStderr ? format.logLine(row) : prefixed(format.logLine(row), row.level)),
  }
}

function prefixed(line: string, level: Level): string {
  return line === '' ? '' : (PREFIX[level] ?? PREFIX.info) + line
}
