import { isAbsolute, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { attempt } from '../../safely.js'

/** A frame of a stack. */
export interface Frame {
  readonly line: string
  /** The package that it is of; undefined for the app's own. */
  readonly owner: string | undefined
  /** What was called, and where: the path is relative to the working directory if it lies below it. */
  readonly shown: string
  /** Absolute; undefined where there is no file. */
  readonly file: string | undefined
  readonly row: number
  readonly column: number
}

/** An error of a stack, with those that belong to it. */
export interface Told {
  /** How it belongs to the one above: `caused by`, `1 of 2`. */
  readonly label: string
  /** Its type and message, on as many lines as these have. */
  readonly title: string[]
  readonly frames: Frame[]
  /** Whether the frames are known to be none of its message's. */
  readonly isSure: boolean
  readonly below: Told[]
}

/** The parts of an error that are shown, whatever it is. */
export interface Parts {
  readonly type: string
  readonly code: string
  readonly message: string
  readonly stack: string
}

/** How the stack of waybill's errors names those that belong to another. */
const LABEL = /^(?:caused by(?: (\d{1,3}) of (\d{1,9}))?|while handling): /
const FRAME = /^ {4}at /
/** More than a person reads. */
const MAX_LINES = 400

/** Reads the text that tells of an error and of those that belong to it, as a tree. */
export function readStack(parts: Parts, cwd: string, label: string): Told {
  const { stack } = parts
  const behind = endOfMessage(parts)
  const root: Told = { label, title: titleOf(parts), frames: [], isSure: behind !== -1, below: [] }
  // Below which errors the next one may stand: the last of each depth.
  const path = [root]
  let current = root
  const lines = stack.slice(Math.max(0, behind)).split('\n', MAX_LINES)
  for (const line of lines) {
    const found = LABEL.exec(line)
    if (found !== null) {
      current = hang(path, found, line.slice(found[0].length), root)
    } else if (FRAME.test(line)) {
      const frame = readFrame(line, cwd)
      if (frame !== undefined) current.frames.push(frame)
    } else if (current !== root && current.frames.length === 0) current.title.push(line)
  }
  return root
}

/** Puts an error where its label says: below the one before, or beside the other parts of an aggregate. */
function hang(path: Told[], [label = '', at, count]: RegExpExecArray, title: string, root: Told): Told {
  const name = at === undefined ? label.slice(0, -2) : `${at} of ${count}`
  const told: Told = { label: name, title: [title], frames: [], isSure: false, below: [] }
  if (name === 'while handling') path.length = 1
  else if (at !== undefined && at !== '1') {
    const before = path.findLastIndex((each) => each.label === `${Number(at) - 1} of ${count}`)
    if (before > 0) path.length = before
  }
  const above = path.at(-1) ?? root
  above.below.push(told)
  path.push(told)
  return told
}

/** The first line that tells of an error, with its code unless the message says it. */
function titleOf({ type, code, message, stack }: Parts): string[] {
  if (type === '' && message === '') return [code || (stack.split('\n', 1)[0] ?? '')]
  const word = code === '' || message.includes(code) ? type : `${type} [${code}]`.trimStart()
  if (message === '') return [word]
  return (word === '' ? message : `${word}: ${message}`).split(/\r?\n/)
}

/** Where a stack goes on behind its message, which may look like frames itself; -1 where that is not known. */
function endOfMessage({ message, stack }: Parts): number {
  const first = stack.indexOf('\n')
  if (first === -1) return -1
  // An error without a message may have been given those of its parts: its first line is its name.
  if (/^[\w$]+$/.test(stack.slice(0, first))) return first
  const at = message === '' ? -1 : stack.indexOf(message)
  const end = at + message.length
  return at !== -1 && at < first && stack[end] === '\n' ? end : -1
}

const POSITION = /:(\d{1,9}):(\d{1,9})\)?$/

/** Reads a frame that names a file or a part of Node.js. */
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
