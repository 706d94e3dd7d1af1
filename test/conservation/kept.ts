import { pathMatcher } from '../../src/request/path-pattern.js'
import type { Line } from '../support/capture.js'
import type { Handlers, Sent } from './plan.js'
import { reconcile } from './reconcile.js'
import { truthfulOutcomes } from './truth.js'

const WELL: ReadonlySet<unknown> = new Set(['completed', 'upgraded'])

/** Whether something is wrong with a request, as its completion has it. */
function isWrong({ outcome, status, error }: Line): boolean {
  return !WELL.has(outcome) || Number(status) >= 500 || status === 429 || error !== undefined
}

/** Whether a request may have gone well, as its client knows. */
function mayBeWell(request: Sent): boolean {
  const { status } = request.seen
  return (status ?? 0) < 500 && truthfulOutcomes(request).some((outcome) => WELL.has(outcome))
}

/** The events and held lines of each request. */
function linesById(lines: readonly Line[]): Map<unknown, Line[]> {
  const byId = new Map<unknown, Line[]>()
  for (const line of lines) byId.set(line.request_id, [...(byId.get(line.request_id) ?? []), line])
  return byId
}

/**
 * Compares what was sent with what was logged by a log that may leave requests out: each that had to be kept is there once, as
 * it ended, and each that was kept had to be.
 * @param isFree whether a request may be left out if it goes well
 * @param mayBeKept whether such a request may be kept all the same
 */
export function reconcileKept(
  handlers: Handlers,
  sent: readonly Sent[],
  lines: readonly Line[],
  isFree: (request: Sent) => boolean,
  mayBeKept: (completion: Line) => boolean,
): string[] {
  const byId = linesById(lines)
  const left = sent.filter((request) => {
    const events = (byId.get(request.id) ?? []).filter(({ event }) => event !== undefined)
    return !(events.length === 0 && isFree(request) && mayBeWell(request))
  })
  const kept = left.flatMap((request) => {
    const completion = byId.get(request.id)?.find(({ event }) => event === 'request.completed')
    if (completion === undefined || !isFree(request)) return []
    return isWrong(completion) || mayBeKept(completion)
      ? []
      : [`${request.id}: ${request.path} was not left out`]
  })
  return [...kept, ...reconcile(handlers, left, lines, true)]
}

/** Finds requests whose held lines were written though nothing is wrong with them. */
export function misplacedLines(lines: readonly Line[]): string[] {
  return [...linesById(lines)].flatMap(([id, all]) => {
    const completion = all.find(({ event }) => event === 'request.completed')
    const held = all.some(({ message }) => message === 'held')
    if (!held) return []
    if (completion === undefined) return [`${id}: held lines without a completion`]
    return isWrong(completion) ? [] : [`${id}: held lines of a request that went well`]
  })
}

/** How many requests the completions stand for. */
export function weigh(lines: readonly Line[]): number {
  return lines
    .filter(({ event, method }) => event === 'request.completed' && method !== undefined)
    .reduce((sum, { sample_rate: rate = 1 }) => sum + 1 / Number(rate), 0)
}

/** Whether a path is one of some patterns. */
export function isOneOf(patterns: readonly string[]): (request: Sent) => boolean {
  const matchers = patterns.map(pathMatcher)
  return ({ path }) => matchers.some((matches) => matches(path))
}
