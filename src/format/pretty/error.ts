import { excerptLines } from './excerpt.js'
import type { Paint } from './paint.js'
import type { Problems } from './problems.js'
import type { ReadSource } from './source.js'
import { type ErrorNode, type Frame, type Parts, readStack } from './stack.js'
import { visibleText, wrap } from './text.js'

/** The tools to show errors. */
export interface ErrorTools {
  readonly paint: Paint
  readonly readSource: ReadSource
  /** The working directory. */
  readonly cwd: string
}

/** What an error is shown with. */
interface ErrorExtras {
  /** The field that holds it; empty for the error of a row. */
  readonly label: string
  readonly problems: Problems | undefined
  /** Its own properties, already formatted. */
  readonly details: readonly string[]
  readonly isWarning: boolean
}

/** How many of the app's own frames to show: for a lone error, one with others below, and these. */
const FRAMES_ALONE = 4
const FRAMES_ABOVE = 2
const FRAMES_BELOW = 1
const MAX_MESSAGE_LINES = 20
/** A longer line is generated code. */
const MAX_COLUMN = 400

/**
 * Shows an error: its type and message, what a validator found, the source line that threw it, the app's own frames, and
 * the errors that belong to it as a tree.
 * @param error an object with some parts of an error
 * @param room columns of a line
 */
export function showError(error: object, extras: ErrorExtras, room: number, tools: ErrorTools): string[] {
  const { paint } = tools
  const { problems } = extras
  const brush = extras.isWarning ? paint.yellow : paint.red
  const parts = partsOf(error)
  const root = readStack(parts, tools.cwd, extras.label)
  const summary = problems && summaryOf(parts.message, problems)
  if (summary !== undefined)
    root.title.splice(0, root.title.length, `${TYPE.exec(root.title[0] ?? '')?.[0] ?? ''} ${summary}`)
  const list = problems && (summary !== undefined || problems.count > 1) ? problemLines(problems) : []

  function show(node: ErrorNode, above: ErrorNode | undefined, columns: number): string[] {
    const message = titleLines(node, columns)
    const shown = message.slice(0, MAX_MESSAGE_LINES)
    if (message.length > shown.length)
      shown.push(paint.dim(`… ${countOf(message.length - shown.length, 'more line')}`))
    if (above === undefined) {
      shown.push(...list.flatMap((line) => wrap([line], columns)))
      if (extras.details.length > 0)
        shown.push(...wrap(extras.details, columns - 2).map((line) => `  ${line}`))
    }
    shown.push(...frameLines(node, above, columns))
    for (const [at, each] of node.below.entries()) {
      const isLast = at === node.below.length - 1
      const [line = '', ...rest] = show(each, node, columns - TREE_WIDTH)
      shown.push(paint.dim(isLast ? '└─ ' : '├─ ') + line)
      shown.push(...rest.map((next) => (isLast ? '   ' : paint.dim('│  ')) + next))
    }
    return shown
  }

  /** The coloured type of an error, and its message. */
  function titleLines({ label, title: [first = '', ...more] }: ErrorNode, columns: number): string[] {
    const line = visibleText(first)
    const type = TYPE.exec(line)?.[0] ?? ''
    const pieces = [
      label === '' ? '' : paint.dim(visibleText(label)),
      type === '' ? '' : brush(type),
      line.slice(type.length).trimStart(),
    ]
    return [
      ...wrap(
        pieces.filter((piece) => piece !== ''),
        columns,
      ),
      ...more.flatMap((each) => wrap([visibleText(each)], columns)),
    ]
  }

  function frameLines(node: ErrorNode, above: ErrorNode | undefined, columns: number): string[] {
    const shared = sharedFrames(node, above)
    const frames = node.frames.slice(0, node.frames.length - shared)
    const own = frames.filter(({ owner }) => owner === undefined)
    const most = above !== undefined ? FRAMES_BELOW : node.below.length > 0 ? FRAMES_ABOVE : FRAMES_ALONE
    const shown = own.slice(0, most)
    const [top] = shown
    const lines = shown.flatMap(({ shown: text }) => wrap([`  at ${visibleText(text)}`], columns))
    const folded = foldedFrames(frames, own.length - shown.length, shared)
    if (folded !== '') lines.push(...wrap([`  ${folded}`], columns).map(paint.dim))
    if (above !== undefined || !node.isSure || top?.file === undefined || top.column > MAX_COLUMN)
      return lines
    const excerpt = tools.readSource(top.file, top.row)
    return excerpt === undefined
      ? lines
      : [...excerptLines(excerpt, top.row, top.column, columns, paint, brush), ...lines]
  }

  return show(root, undefined, room)
}

const TREE_WIDTH = 3
/** Matches the type and code of an error at the start of its title. */
const TYPE = /^[\w$.]{1,200}(?: \[[^\]]{1,200}\])?:?(?= |$)/

function partsOf(error: object): Parts {
  const { type, code, message, stack } = error as Record<string, unknown>
  const text = (value: unknown): string =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  return { type: text(type), code: text(code), message: text(message), stack: text(stack) }
}

/** Summarizes a message that is only the list of problems, as JSON (zod) or one after the other (Fastify). */
function summaryOf(message: string, { texts, count }: Problems): string | undefined {
  if (/^\s*\[/.test(message)) return countOf(count, 'problem')
  const place = message.slice(0, Math.max(0, message.indexOf(texts[0] ?? ''))).trim()
  const isList = count > 1 && /^\w{1,20}$/.test(place) && texts.every((text) => message.includes(text))
  return isList ? `${countOf(count, 'problem')} in ${place}` : undefined
}

function problemLines({ texts, count }: Problems): string[] {
  const lines = texts.map((text) => `  • ${visibleText(text)}`)
  return count === texts.length ? lines : [...lines, `  … ${count - texts.length} more`]
}

/** Counts the frames at the end of a stack that also appear, in a row, in the stack of the error above. */
function sharedFrames({ frames }: ErrorNode, above: ErrorNode | undefined): number {
  const others = above?.frames ?? []
  let most = 0
  for (let end = others.length; end > most; end--) {
    let shared = 0
    while (shared < Math.min(frames.length, end) && isSame(frames, others, shared, end)) shared++
    most = Math.max(most, shared)
  }
  return most
}

function isSame(frames: readonly Frame[], others: readonly Frame[], back: number, end: number): boolean {
  return frames[frames.length - 1 - back]?.line === others[end - 1 - back]?.line
}

/** Shows what a stack omits: `… 2 more, 14 frames of fastify, node, 3 as above`. */
function foldedFrames(frames: readonly Frame[], own: number, shared: number): string {
  const foreign = frames.filter(({ owner }) => owner !== undefined)
  const owners = [...new Set(foreign.map(({ owner = '' }) => visibleText(owner)))]
  const parts = [
    own > 0 ? `${own} more` : '',
    foreign.length > 0 ? `${countOf(foreign.length, 'frame')} of ${owners.join(', ')}` : '',
    shared > 0 ? `${shared} as above` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? '' : `… ${parts.join(', ')}`
}

function countOf(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
