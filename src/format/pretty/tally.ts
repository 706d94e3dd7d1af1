import { durationOf, rule } from './layout.js'
import type { Paint } from './paint.js'
import type { Row } from './row.js'
import { displayWidth, shortenPath, visibleText, wrap } from './text.js'
import { showDuration } from './values.js'

/** The most routes to compare. */
const MAX_ROUTES = 1000
const SLOWEST = 3
/** Includes the rule. */
const MAX_LINES = 5

/** The requests of a route. */
interface Route {
  readonly method: string
  readonly path: string
  requests: number
  longestMs: number
}

/** Counts the shown requests for the summary at the end of the process. */
export class Tally {
  requests = 0
  /** How many requests ended in which way: by status class or outcome. */
  readonly endings = new Map<string, number>()
  readonly routes = new Map<string, Route>()
  /** The requests of routes that are not compared. */
  beyond = 0
  /** Whether the rule below an earlier run was written. */
  hasRule = false
  #begin: (() => void) | undefined = undefined
  #hasBegun = false
  #isTaken = false

  /** Calls the first of the given functions as soon as requests are expected. */
  whenBegun(begin: () => void): void {
    this.#begin ??= begin
  }

  begin(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#begin?.()
  }

  count(row: Row): void {
    this.begin()
    this.requests++
    const ending = endingOf(row)
    this.endings.set(ending, (this.endings.get(ending) ?? 0) + 1)
    this.#compare(row)
  }

  #compare({ method, path, route, status, outcome, durationMs }: Row): void {
    // A 404 has no route; upgraded, aborted and unfinished requests say nothing about speed.
    const place = route ?? (status === 404 ? undefined : path)
    if (method === undefined || place === undefined || durationMs === undefined) return
    if (outcome === 'upgraded' || outcome === 'aborted' || outcome === 'unfinished') return
    const key = `${method} ${place}`
    const known = this.routes.get(key)
    if (known !== undefined) {
      known.requests++
      known.longestMs = Math.max(known.longestMs, durationMs)
    } else if (this.routes.size < MAX_ROUTES) {
      this.routes.set(key, { method, path: place, requests: 1, longestMs: durationMs })
    } else this.beyond++
  }

  /** Returns true once, if there are requests. */
  take(): boolean {
    if (this.#isTaken || this.requests === 0) return false
    this.#isTaken = true
    return true
  }
}

const TALLY = Symbol.for('waybill.tally')

/** Returns the counts that all copies of waybill in this process share. */
export function sharedTally(): Tally {
  const host: NodeJS.Process & { [TALLY]?: Tally } = process
  const known = host[TALLY]
  if (known !== undefined) return known
  const tally = new Tally()
  Object.defineProperty(host, TALLY, { value: tally })
  return tally
}

const OUTCOMES: Readonly<Record<string, string>> = {
  aborted: 'client left',
  upgraded: 'upgraded',
  unfinished: 'unfinished',
}

function endingOf({ outcome = '', status }: Row): string {
  return OUTCOMES[outcome] ?? (status === undefined ? 'unanswered' : `${Math.floor(status / 100)}xx`)
}

/** The column widths of rows: time, tag, id, method. */
const LABEL_WIDTH = 'hh:mm:ss.mmm '.length
const TAG_WIDTH = 5
const ID_WIDTH = 8
const METHOD_WIDTH = 6

/** The summary of a run, in two to five lines. */
export function showTally(tally: Tally, uptimeMs: number, columns: number, paint: Paint): string[] {
  const { requests, endings, routes, beyond } = tally
  const label = (text: string): string => paint.dim(text.padEnd(LABEL_WIDTH))
  const title = rule(`${countOf(requests, 'request')} in ${showDuration(uptimeMs)}`, columns, paint)
  const counts = [...endings].sort(([a], [b]) => (a < b ? -1 : 1))
  const pieces = counts.map(([ending, count]) => `${paint[STYLES[ending] ?? 'dim'](ending)} ${count}  `)
  if (beyond > 0) pieces.push(paint.dim(`${beyond} beyond ${MAX_ROUTES} routes`))
  const [first = '', ...others] = wrap(pieces, columns - LABEL_WIDTH)
  const lines = [title, label('ended') + first, ...others.map((line) => ' '.repeat(LABEL_WIDTH) + line)]
  const slowest = [...routes.values()].sort((a, b) => b.longestMs - a.longestMs).slice(0, SLOWEST)
  for (const [at, { method, path, requests: of, longestMs }] of slowest.entries()) {
    const duration = ' '.repeat(TAG_WIDTH + 1) + durationOf(longestMs, paint)
    const begin = `${label(at === 0 ? 'slowest' : '')}${duration} ${paint.dim(`of ${of}`.padEnd(ID_WIDTH))} `
    const head = `${begin}${visibleText(method).padEnd(METHOD_WIDTH)} `
    lines.push(head + shortenPath(visibleText(path), Math.max(1, columns - displayWidth(head))))
  }
  return lines.slice(0, MAX_LINES).map((line) => line.trimEnd())
}

const STYLES: Readonly<Record<string, 'green' | 'cyan' | 'yellow' | 'red' | 'blue'>> = {
  '2xx': 'green',
  '3xx': 'cyan',
  '4xx': 'yellow',
  '5xx': 'red',
  'client left': 'blue',
  upgraded: 'cyan',
  unfinished: 'yellow',
  unanswered: 'red',
}

function countOf(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
