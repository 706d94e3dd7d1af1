import fs from 'node:fs'
import { sep } from 'node:path'
import { attempt } from '../../safely.js'

/** Lines of a source file. */
export interface Excerpt {
  /** The number of the first, from 1. */
  readonly first: number
  readonly lines: readonly string[]
}

/** How many lines to show before and after the target. */
const AROUND = 2
const MAX_BYTES = 512 * 1024
/** How many files are cached; these are read again only if they have changed. */
const MAX_FILES = 16

interface CachedFile {
  readonly modified: number
  readonly lines: readonly string[]
}

/** Reads a source line and those around it; undefined if the file is not the app's own. */
export type ReadSource = (file: string, row: number) => Excerpt | undefined

/**
 * Creates a reader of the app's own source: regular files below the working directory, outside of node_modules, after
 * links are resolved.
 */
export function createSourceReader(cwd: string): ReadSource {
  const cache = new Map<string, CachedFile>()
  const root = attempt(() => fs.realpathSync(cwd) + sep, '')

  function linesOf(file: string): readonly string[] {
    const real = fs.realpathSync(file)
    if (root === '' || !real.startsWith(root) || real.split(sep).includes('node_modules')) return []
    const known = cache.get(real)
    if (known !== undefined && known.modified === fs.statSync(real).mtimeMs) return known.lines
    const read = readLines(real)
    cache.set(real, read)
    const [oldest] = cache.keys()
    if (cache.size > MAX_FILES && oldest !== undefined) cache.delete(oldest)
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

/** Reads the lines of a file; none if it is not regular or too long. */
function readLines(file: string): CachedFile {
  // Windows lacks both flags.
  const fd = fs.openSync(file, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0))
  try {
    const stats = fs.fstatSync(fd)
    const isSource = stats.isFile() && stats.size <= MAX_BYTES
    return { modified: stats.mtimeMs, lines: isSource ? fs.readFileSync(fd, 'utf8').split(/\r?\n/) : [] }
  } finally {
    fs.closeSync(fd)
  }
}
