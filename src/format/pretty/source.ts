import fs from 'node:fs'
import { sep } from 'node:path'
import { attempt } from '../../safely.js'

/** Lines of a source file. */
export interface Excerpt {
  /** The number of the first one, from 1. */
  readonly first: number
  readonly lines: readonly string[]
}

/** How many lines stand before and behind the one that is meant. */
const AROUND = 2
const MAX_BYTES = 512 * 1024
/** How many files are kept; beside that, no file is read twice unless it has changed. */
const MAX_FILES = 16

interface Kept {
  readonly modified: number
  readonly lines: readonly string[]
}

/** Reads a line of a source file with those around it; undefined where the file is not the app's own. */
export type ReadSource = (file: string, row: number) => Excerpt | undefined

/**
 * Makes a reader of the app's own source: regular files below the working directory, outside of node_modules, wherever
 * links lead.
 */
export function createSourceReader(cwd: string): ReadSource {
  const kept = new Map<string, Kept>()
  const root = attempt(() => fs.realpathSync(cwd) + sep, '')

  function linesOf(file: string): readonly string[] {
    const real = fs.realpathSync(file)
    if (root === '' || !real.startsWith(root) || real.split(sep).includes('node_modules')) return []
    const known = kept.get(real)
    if (known !== undefined && known.modified === fs.statSync(real).mtimeMs) return known.lines
    const read = readLines(real)
    kept.set(real, read)
    const [oldest] = kept.keys()
    if (kept.size > MAX_FILES && oldest !== undefined) kept.delete(oldest)
    return read.lines
  }

  return (file, row) => {
    const lines = attempt(() => linesOf(file), [])
    if (row < 1 || row > lines.length) return undefined
    const isBlank = (at: number): boolean => lines[at - 1]?.trim() === ''
    let first = Math.max(1, row - AROUND)
    while (first < row && isBlank(first)) first++
    let last = Math.min(lines.length, row + AROUND)
    while (last > row && isBlank(last)) last--
    return { first, lines: lines.slice(first - 1, last) }
  }
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants

/** The lines of a regular file; none of any other, and of one that is too long. */
function readLines(file: string): Kept {
  // Windows has neither flag.
  const fd = fs.openSync(file, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0))
  try {
    const stats = fs.fstatSync(fd)
    const isSource = stats.isFile() && stats.size <= MAX_BYTES
    return { modified: stats.mtimeMs, lines: isSource ? fs.readFileSync(fd, 'utf8').split(/\r?\n/) : [] }
  } finally {
    fs.closeSync(fd)
  }
}
