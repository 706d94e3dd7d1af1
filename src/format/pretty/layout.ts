import type { Level } from '../../vocabulary.js'
import { UNPARSED } from '../values.js'
import type { Ids } from './ids.js'
import type { Brush, Paint } from './paint.js'
import type { Row } from './row.js'
import { displayWidth, readablePath, shortenPath, visibleLines, visibleText, wrap } from './text.js'
import { createClock, showBytes, showDuration, showField } from './values.js'

/** Lays out a row for a window of a given width. */
export type Layout = (row: Row, columns: number) => string[]

// A level, a duration such as `99.9ms`, the end of a UUID, a method.
const TAG_WIDTH = 5
const DURATION_WIDTH = 6
const ID_WIDTH = 8
const METHOD_WIDTH = 6
/** The columns of methods and messages, and of paths. */
const METHOD_COLUMN = 'hh:mm:ss.mmm '.length + TAG_WIDTH + 1 + DURATION_WIDTH + 1 + ID_WIDTH + 1
const PATH_COLUMN = METHOD_COLUMN + METHOD_WIDTH + 1
/** The least room for a column of wrapped lines; with less, they begin at the left. */
const LEAST_ROOM = 30
const NARROW_INDENT = 4
/** Indents a log line whose request is also in the row above. */
const REPEAT_INDENT = 2

/** Creates the layout of rows: time, status or level, duration, id, method and path or message, then fields. */
export function createLayout(paint: Paint, colors: boolean, ids: Ids): Layout {
  const tag = (brush: Brush, text: string): string => `${brush(text.padEnd(TAG_WIDTH))} `
  const showTime = createClock()
  const noDuration = ' '.repeat(DURATION_WIDTH + 1)
  const fieldsOf = ({ fields }: Row): string[] => fields.map((field) => showField(field, colors, paint))

  function id(requestId: string, color: number | undefined): string {
    if (requestId === '') return ' '.repeat(ID_WIDTH + 1)
    const shown = ids.show(visibleText(requestId))
    const brush = (color === undefined ? undefined : paint.ids[color]) ?? paint.dim
    return `${brush(shown)}${' '.repeat(Math.max(0, ID_WIDTH - displayWidth(shown)) + 1)}`
  }

  function eventHead(row: Row): string {
    const { kind, status, requestId } = row
    if (kind === 'start') return tag(paint.dim, '-->') + noDuration + id(requestId, ids.open(requestId))
    const color = kind === 'running' ? ids.open(requestId) : ids.close(requestId)
    const duration = row.durationMs === undefined ? noDuration : `${durationOf(row.durationMs, paint)} `
    if (kind === 'running') return tag(paint.yellow, '...') + duration + id(requestId, color)
    return tag(paint[statusStyle(row)], String(status ?? '---')) + duration + id(requestId, color)
  }

  function layOutEvent(row: Row, columns: number): string[] {
    const { method, path = '' } = row
    const begin = `${paint.dim(showTime(row.time))} ${eventHead(row)}`
    const indent = columns - PATH_COLUMN >= LEAST_ROOM ? PATH_COLUMN : NARROW_INDENT
    const head = method === undefined ? begin : `${begin}${visibleText(method).padEnd(METHOD_WIDTH)} `
    const first = columns - displayWidth(head)
    const [size = '', ...others] = remarks(row, paint)
    // A long path leaves room for the size after it.
    const room = Math.max(first - displayWidth(size) - 1, LEAST_ROOM / 2)
    const shown = method === undefined ? UNPARSED : shortenPath(visibleText(readablePath(path)), room)
    const pieces = [shown, size, ...others, ...fieldsOf(row)].filter((piece) => piece !== '')
    return indented(head, wrap(pieces, columns - indent, first), indent)
  }

  function layOutLine(row: Row, columns: number): string[] {
    const { level, requestId, message = '' } = row
    const isBelow = requestId !== '' && requestId === ids.last
    const begin = `${paint.dim(showTime(row.time))} ${tag(paint[LEVEL_STYLES[level] ?? 'dim'], level.toUpperCase())}`
    const color = requestId === '' ? undefined : ids.colorOf(requestId)
    const head = `${begin}${noDuration}${id(requestId, color)}${' '.repeat(isBelow ? REPEAT_INDENT : 0)}`
    const column = METHOD_COLUMN + (isBelow ? REPEAT_INDENT : 0)
    const indent = columns - column >= LEAST_ROOM ? column : NARROW_INDENT
    const room = columns - indent
    const texts = visibleLines(message)
    const last = texts.pop() ?? ''
    const lines = texts.flatMap((text) => wrap([text], room))
    const pieces = [last, ...fieldsOf(row)]
    const first = lines.length === 0 ? columns - displayWidth(head) : room
    return indented(
      head,
      [...lines, ...wrap(pieces[0] === '' ? pieces.slice(1) : pieces, room, first)],
      indent,
    )
  }

  return (row, columns) => {
    const lines = row.kind === 'log' ? layOutLine(row, columns) : layOutEvent(row, columns)
    ids.last = row.requestId
    return lines
  }
}

/** Shows a duration as wide as its column; from 500 ms on it has a colour. */
export function durationOf(durationMs: number, paint: Paint): string {
  const text = showDuration(durationMs).padStart(DURATION_WIDTH)
  if (durationMs < 100) return paint.dim(text)
  return durationMs < 500 ? text : (durationMs < 1000 ? paint.yellow : paint.red)(text)
}

/** Draws a thin line across the window that begins with a text. */
export function rule(text: string, columns: number, paint: Paint): string {
  const begin = `─── ${text} `
  return paint.dim(begin + '─'.repeat(Math.max(0, columns - displayWidth(begin))))
}

function indented(head: string, [first = '', ...others]: readonly string[], indent: number): string[] {
  return [head + first, ...others.map((line) => ' '.repeat(indent) + line)]
}

/** The parts after the path: size, redirect target, status while running, ending unless normal, slow, calls. */
function remarks(row: Row, paint: Paint): string[] {
  const { kind, responseBytes, location, slow, calls } = row
  if (kind === 'start') return []
  const found: string[] = []
  if (responseBytes !== undefined && responseBytes > 0) found.push(paint.dim(showBytes(responseBytes)))
  if (location !== undefined) found.push(`${paint.cyan('→')} ${visibleText(readablePath(location))}`)
  if (kind === 'running')
    found.push(paint.yellow(row.status === undefined ? 'no answer yet' : `answering ${row.status}`))
  const ending = endingOf(row)
  if (ending !== '') found.push(paint[outcomeStyle(row)](ending))
  if (slow === true) found.push(paint.yellow('slow'))
  if (calls !== undefined) found.push(showCalls(kind === 'running' ? calls : { ...calls, open: 0 }, paint))
  return found
}

function showCalls({ count, total_ms: ms, failed, open }: NonNullable<Row['calls']>, paint: Paint): string {
  const took = typeof ms === 'number' ? ` ${showDuration(ms)}` : ''
  const lost = typeof failed === 'number' && failed > 0 ? ` ${paint.red(`${failed} failed`)}` : ''
  const running = typeof open === 'number' && open > 0 ? ` ${paint.yellow(`${open} open`)}` : ''
  return `${paint.dim('calls=')}${visibleText(String(count))}${took}${lost}${running}`
}

/** How a request ended, in words; empty if it ended normally. */
function endingOf({ outcome, durationMs }: Row): string {
  const after = durationMs === undefined ? '' : ` after ${showDuration(durationMs)}`
  switch (outcome) {
    case undefined:
    case 'completed':
      return ''
    case 'aborted':
      return `client left${after}`
    case 'timeout':
      return 'timed out'
    case 'destroyed':
      return 'broken off'
    default:
      return visibleText(outcome)
  }
}

function outcomeStyle({ outcome }: Row): 'blue' | 'red' | 'cyan' | 'yellow' {
  if (outcome === 'aborted') return 'blue'
  if (outcome === 'timeout' || outcome === 'destroyed') return 'red'
  return outcome === 'upgraded' ? 'cyan' : 'yellow'
}

/** Aborted requests are blue, because neither the service nor, as with a 404, the client is at fault. */
function statusStyle({ status = 0, outcome }: Row): 'blue' | 'red' | 'yellow' | 'cyan' | 'green' | 'dim' {
  if (outcome === 'aborted') return 'blue'
  if (status >= 500) return 'red'
  if (status >= 400) return 'yellow'
  if (status >= 300 || (status >= 100 && status < 200)) return 'cyan'
  return status >= 200 ? 'green' : 'dim'
}

const LEVEL_STYLES: Readonly<Partial<Record<Level, 'dim' | 'cyan' | 'green' | 'yellow' | 'red' | 'fatal'>>> =
  {
    trace: 'dim',
    debug: 'cyan',
    info: 'green',
    warn: 'yellow',
    error: 'red',
    fatal: 'fatal',
  }
