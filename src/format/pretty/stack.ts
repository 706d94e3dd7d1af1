import { isAbsolute, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { attempt } from '../../safely.js'

/** A frame of a stack. */
export interface Frame {
  readonly line: string
  /** The package it belongs to; undefined for own code. */
  readonly owner: string | undefined
  /** The function and its position; a path below the working directory is relative to it. */
  readonly shown: string
  /** Absolute; undefined if there is none. */
  readonly file: string | undefined
  readonly row: number
  readonly column: number
}

/** An error in a stack, with its related errors. */
export interface ErrorNode {
  /** Its relation to the one above: `caused by`, `1 of 2`. */
  readonly label: string
  /** Its type and message, one entry per line. */
  readonly title: string[]
  readonly frames: Frame[]
  /** Whether the frames are certainly not part of its message. */
  readonly isSure: boolean
  readonly below: ErrorNode[]
}

/** The parts that are shown of any error. */
export interface Parts {
  readonly type: string
  readonly code: string
  readonly message: string
  readonly stack: string
}

/** Labels of related errors in the stacks that waybill writes. */
const LABEL = /^(?:caused by(?: (\d{1,3}) of (\d{1,9}))?|while handling): /
const FRAME = /^ {4}at /
/** More lines than anyone reads. */
const MAX_LINES = 400

/** Parses the stack of an error and its related errors into a tree. */
export function readStack(parts: Parts, cwd: string, label: string): ErrorNode {
  const { stack } = parts
  const messageEnd = endOfMessage(parts)
  const root: ErrorNode = { label, title: titleOf(parts), frames: [], isSure: messageEnd !== -1, below: [] }
  // The possible parents of the next error: the last of each depth.
  const path = [root]
  let current = root
  const lines = stack.slice(Math.max(0, messageEnd)).split('\n', MAX_LINES)
  for (const line of lines) {
    const found = LABEL.exec(line)
    if (found !== null) {
      current = attach(path, found, line.slice(found[0].length), root)
    } else if (FRAME.test(line)) {
      const frame = readFrame(line, cwd)
      if (frame !== undefined) current.frames.push(frame)
    } else if (current !== root && current.frames.length === 0) current.title.push(line)
  }
  return root
}

/** Attaches an error where its label says: below the previous one, or next to others of its aggregate. */
function attach(
  path: ErrorNode[],
  [label = '', at, count]: RegExpExecArray,
  title: string,
  root: ErrorNode,
): ErrorNode {
  const name = at === undefined ? label.slice(0, -2) : `${at} of ${count}`
  const node: ErrorNode = { label: name, title: [title], frames: [], isSure: false, below: [] }
  if (name === 'while handling') path.length = 1
  else if (at !== undefined && at !== '1') {
    const before = path.findLastIndex((each) => each.label === `${Number(at) - 1} of ${count}`)
    if (before > 0) path.length = before
  }
  const above = path.at(-1) ?? root
  above.below.push(node)
  path.push(node)
  return node
}

/** The title of an error, with its code unless the message contains it. */
function titleOf({ type, code, message, stack }: Parts): string[] {
  if (type === '' && message === '') return [code || (stack.split('\n', 1)[0] ?? '')]
  const word = code === '' || message.includes(code) ? type : `${type} [${code}]`.trimStart()
  if (message === '') return [word]
  return (word === '' ? message : `${word}: ${message}`).split(/\r?\n/)
}

/** Finds the end of the message in a stack, because it may look like frames; -1 if unknown. */
function endOfMessage({ message, stack }: Parts): number {
  const first = stack.indexOf('\n')
  if (first === -1) return -1
  // The error may have only the messages of its parts: then its first line is its name.
  if (/^[\w$]+$/.test(stack.slice(0, first))) return first
  const at = message === '' ? -1 : stack.indexOf(message)
  const end = at + message.length
  return at !== -1 && at < first && stack[end] === '\n' ? end : -1
}

const POSITION = /:(\d{1,9}):(\d{1,9})\)?$/

/** Parses a frame that has a position. */
function readFrame(line: string, cwd: string): Frame | undefined {
  const found = POSITION.exec(line)
  if (found === null) return undefined
  const called = line.slice('    at '.length, found.index)
  const paren = line.endsWith(')') ? called.indexOf(' (') : -1
  const name = paren === -1 ? '' : called.slice(0, paren).replace(/^(?:async )?Object\.<anonymous>$/, '')
  const place = paren === -1 ? called.replace(/^async /, '') : called.slice(paren + 2)
  const file = place.startsWith('file:') ? attempt(() => fileURLToPath(place), undefined) : place
  const isFile = file !== undefined && isAbsolute(file)
  const owner = place.startsWith('node:') ? 'node' : isFile ? packageOf(file) : 'other'
  const shown = isFile ? pathFrom(cwd, file) : place
  const position = `${shown}:${found[1]}:${found[2]}`
  return {
    line,
    owner,
    shown: name === '' ? position : `${name} (${position})`,
    file: isFile ? file : undefined,
    row: Number(found[1]),
    column: Number(found[2]),
  }
}

/** The package that a file of node_modules belongs to. */
function packageOf(file: string): string | undefined {
  const parts = file.split(/[\\/]/)
  const at = parts.lastIndexOf('node_modules')
  if (at === -1) return undefined
  const name = parts[at + 1] ?? ''
  return name.startsWith('@') ? `${name}/${parts[at + 2] ?? ''}` : name
}

function pathFrom(cwd: string, file: string): string {
  return cwd !== '' && file.startsWith(cwd + sep) ? relative(cwd, file) : file
}
