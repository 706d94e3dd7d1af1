import { elapsed } from '../../clock.js'
import type { Terminal } from '../../environment.js'
import type { EventFields } from '../fields.js'
import { fitRecord, fits } from '../fit.js'
import type { Format, Summary } from '../index.js'
import { ERROR_PARTS } from '../log-line.js'
import { showError } from './error.js'
import { Ids } from './ids.js'
import { createLayout, rule } from './layout.js'
import { createPaint, ID_COLORS, RESET } from './paint.js'
import { type Row, type RowField, rowOfLine, rowOfRecord, unplacedFields } from './row.js'
import { createSourceReader } from './source.js'
import { sharedTally, showTally, type Tally } from './tally.js'
import { createClock, showField } from './values.js'

/** The view's settings. */
export interface PrettySettings {
  readonly colors: boolean
  readonly maxLineBytes: number
  readonly terminal: Terminal
  /** Whether to count requests for a summary at the end of the process. */
  readonly summary?: boolean
}

/** The ids shown in the terminal, shared by all loggers. */
const sharedIds = new Ids(ID_COLORS)

/** Indents errors below their row. */
const ERROR_INDENT = '    '
/** The share of a row for fields and message, as JSON: their display is longer, and an error may follow. */
const SHARE = 0.5
const SHARE_BESIDE_ERROR = 0.25
const MAX_FIELD_ERRORS = 3

/** The terminal view: one aligned row per event or log line, wrapped to the window, with errors below. */
export function prettyFormat({ started, running, completed }: EventFields, settings: PrettySettings): Format {
  const { colors, maxLineBytes, terminal, summary = false } = settings
  const paint = createPaint(colors, terminal.manyColors)
  const layout = createLayout(paint, colors, terminal.isShared ? sharedIds : new Ids(ID_COLORS))
  const errorTools = { paint, readSource: createSourceReader(terminal.cwd), cwd: terminal.cwd }
  const tally = terminal.isShared && (summary || terminal.isBelowOther) ? sharedTally() : undefined
  const startFields = unplacedFields(started)
  const runningFields = unplacedFields(running)
  const completionFields = unplacedFields(completed)

  function print(row: Row): string {
    const shown = show(row)
    if (tally === undefined) return shown
    if (summary && row.kind === 'completion') tally.count(row)
    if (!terminal.isBelowOther || tally.hasRule) return shown
    tally.hasRule = true
    return `${rule(createClock()(row.time).slice(0, -'.mmm'.length), terminal.columns(), paint)}\n${shown}`
  }

  function show(row: Row): string {
    const columns = terminal.columns()
    const { level, fields, error } = row
    if (fields.length === 0 && error === undefined && row.kind !== 'log') return finish(layout(row, columns))
    const errors: RowField[] = error === undefined ? [] : [['', error]]
    errors.push(...fields.filter(isDescribedError).slice(0, MAX_FIELD_ERRORS))
    const share = maxLineBytes * (errors.length === 0 ? SHARE : SHARE_BESIDE_ERROR)
    const parts = { message: messageOf(row), fields: fields.filter((field) => !isDescribedError(field)) }
    const lines = layout({ ...row, ...cutParts(parts, share) }, columns)
    for (const [name, value] of errors) {
      const described = Object(value)
      const details = cutParts({ message: '', fields: detailsOf(described) }, share).fields
      const extras = {
        label: name === '' ? '' : `${name}:`,
        problems: name === '' ? row.problems : undefined,
        details: details.map((field) => showField(field, colors, paint)),
        isWarning: level !== 'error' && level !== 'fatal',
      }
      const shown = showError(described, extras, columns - ERROR_INDENT.length, errorTools)
      lines.push(...shown.map((line) => ERROR_INDENT + line))
    }
    return finish(lines)
  }

  function summaryOf(tally: Tally): Summary {
    return {
      whenBegun: (begin) => tally.whenBegun(begin),
      begin: () => tally.begin(),
      take: () => {
        if (!tally.take()) return ''
        // Overwrites the `^C` on the terminal.
        return `\r${showTally(tally, elapsed(), terminal.columns(), paint).join('\n')}\n`
      },
    }
  }

  function finish(lines: readonly string[]): string {
    return cut(`${lines.map((line) => line.trimEnd()).join('\n')}\n`, maxLineBytes, colors)
  }

  return {
    started: (record, level) => print(rowOfRecord('start', record, level, startFields)),
    running: (record, level) => print(rowOfRecord('running', record, level, runningFields)),
    completed: (record, level) => print(rowOfRecord('completion', record, level, completionFields)),
    logLine: (line) => print(rowOfLine(line)),
    ...(tally !== undefined && summary && { summary: summaryOf(tally) }),
  }
}

/** The message of a row; empty if it only repeats that of its error, which is shown, too. */
function messageOf({ message = '', error }: Row): string {
  return error !== undefined && Reflect.get(error, 'message') === message ? '' : message
}

/** Whether a field is an error in a log line's form. */
function isDescribedError([, value]: RowField): boolean {
  const { message, stack } = Object(value) as Record<string, unknown>
  return typeof message === 'string' && typeof stack === 'string'
}

/** Error properties shown elsewhere, a validator's list among them. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set([
  ...ERROR_PARTS,
  'name',
  'validation',
  'validationContext',
  'issues',
])

/** The properties that the app added to an error. */
function detailsOf(error: object): RowField[] {
  return Object.entries(error).filter(([key, value]) => !SHOWN_ELSEWHERE.has(key) && value !== undefined)
}

interface Parts {
  readonly message: string
  readonly fields: readonly RowField[]
}

const KEPT: ReadonlySet<string> = new Set(['message'])

/** Cuts the longest values of a row, unless all of them fit. */
function cutParts(parts: Parts, maxBytes: number): Parts {
  const { message, fields } = parts
  if (fields.length === 0 && message.length * 6 <= maxBytes) return parts
  const whole = { message, fields: Object.fromEntries(fields) }
  const fitted = fitRecord(whole, maxBytes, KEPT, null)
  if (fitted === whole) return parts
  return {
    message: String(fitted.message),
    fields: [...Object.entries(Object(fitted.fields)), ['truncated', true]],
  }
}

/** Cuts a text that is too long once displayed, because escaped characters take several times their size. */
function cut(text: string, maxBytes: number, colors: boolean): string {
  if (fits(text, maxBytes)) return text
  const end = `…${colors ? RESET : ''}\n`
  const bytes = Buffer.from(text).subarray(0, maxBytes - Buffer.byteLength(end))
  // Drops half a character, half a colour and half an indentation at the end.
  const whole = bytes.toString().replace(/\ufffd+$|\x1b(?:\[[\d;]*)?$/, '')
  return whole.trimEnd() + end
}
