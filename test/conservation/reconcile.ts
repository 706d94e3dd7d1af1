import type { Line } from '../support/capture.js'
import type { Handlers, Sent } from './plan.js'
import { routesOf } from './routes.js'
import { areBytesTrue, mayBeMissing, truthfulOutcomes, truthfulStatuses, wentAsPlanned } from './truth.js'

/** The events of one request as the log has them, in its order. */
type Events = Line[]

/**
 * Compares what was sent with what was logged, one to one; returns every disagreement in words.
 * @param areLate whether requests may be left out, and starts written at the completion, when more routes are known
 */
export function reconcile(
  handlers: Handlers,
  sent: readonly Sent[],
  lines: readonly Line[],
  areLate = false,
): string[] {
  const logged = eventsById(lines)
  const known = new Set<unknown>(logged.keys())
  const completed = new Set(
    lines.filter(({ outcome }) => outcome === 'completed').map((line) => line.request_id),
  )
  const disagreements = sent.flatMap((request) => {
    const events = logged.get(request.id) ?? []
    logged.delete(request.id)
    const found = disagreementsOf(handlers, request, events, areLate)
    // One that was left out went well.
    const isAlone = areLate && !known.has(request.behind?.id)
    if (!isAlone && isOutOfTurn(request, completed)) found.push('logged as completed, behind one that is not')
    return found.map((what) => `${describe(request)}: ${what}`)
  })
  for (const events of logged.values()) disagreements.push(`nobody sent ${JSON.stringify(events)}`)
  return disagreements
}

/**
 * Compares what was sent that is no request with what was logged of it: for each a start and a completion, which know
 * neither method nor path, rejected with what its sender saw.
 */
export function reconcileGarbage(
  statuses: readonly (number | undefined)[],
  lines: readonly Line[],
): string[] {
  const logged = new Map<unknown, Line[]>()
  for (const line of lines.filter(isOfGarbage)) {
    logged.set(line.request_id, [...(logged.get(line.request_id) ?? []), line])
  }
  const told = [...logged.values()].map((events) => {
    const [start, completion] = events
    const isPair =
      events.length === 2 && start?.event === 'request.started' && completion?.outcome === 'rejected'
    return isPair && completion.path === undefined ? `rejected ${completion.status}` : JSON.stringify(events)
  })
  const expected = countEach(statuses.map((status) => `rejected ${status}`))
  const counted = countEach(told)
  return [...new Set([...expected.keys(), ...counted.keys()])]
    .filter((what) => expected.get(what) !== counted.get(what))
    .map((what) => `garbage: ${what} logged ${counted.get(what) ?? 0} times, not ${expected.get(what) ?? 0}`)
}

function countEach(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}

/** Whether a request is told to be answered whose turn never came. */
function isOutOfTurn({ id, fate, behind }: Sent, completed: ReadonlySet<unknown>): boolean {
  return behind?.fate === fate && completed.has(id) && !completed.has(behind.id)
}

function eventsById(lines: readonly Line[]): Map<unknown, Events> {
  const logged = new Map<unknown, Events>()
  for (const line of lines) {
    if (line.event === undefined || isOfGarbage(line)) continue
    const events = logged.get(line.request_id)
    if (events === undefined) logged.set(line.request_id, [line])
    else events.push(line)
  }
  return logged
}

/** Whether an event is of what was no request: nothing is known of it. */
function isOfGarbage({ event, method }: Line): boolean {
  return String(event).startsWith('request.') && method === undefined
}

function describe({ id, over, kind, method, path, fate, seen }: Sent): string {
  const { status = 'no status', bytes, whole } = seen
  return `${id} (${over} ${kind}, ${method} ${path}; ${fate}: the client saw ${status}, ${bytes} bytes${whole ? ', all' : ''})`
}

function disagreementsOf(handlers: Handlers, request: Sent, events: Events, areLate: boolean): string[] {
  if (!wentAsPlanned(request)) return ['the client was not answered']
  if (events.length === 0) return mayBeMissing(request) ? [] : ['missing']
  const names = events.map(({ event }) => String(event)).join(', ')
  if (names !== 'request.started, request.completed') return [`logged as ${names}`]
  const [start, completion] = events as [Line, Line]
  const [atStart, atCompletion] = routesOf(handlers, request)
  return [
    ...differencesOf(request, start, areLate && start.route !== undefined ? atCompletion : atStart),
    ...differencesOf(request, completion, atCompletion),
    ...lies(request, completion),
  ]
}

function differencesOf({ method, path }: Sent, line: Line, route: string | undefined): string[] {
  if (line.method === method && line.path === path && line.route === route) return []
  return [`${line.event} is of ${line.method} ${line.path}, route ${line.route}, not ${route}`]
}

/** What a completion says that its client knows better. */
function lies(request: Sent, { outcome, status, response_bytes: bytes }: Line): string[] {
  const found: string[] = []
  const outcomes: readonly unknown[] = truthfulOutcomes(request)
  if (!outcomes.includes(outcome))
    found.push(`logged as ${outcome} ${status}, not as ${outcomes.join(' or ')}`)
  const statuses: readonly unknown[] | undefined = truthfulStatuses(request)
  if (statuses?.includes(status) === false) found.push(`logged with status ${status}`)
  // Not known: what was answered by hand to a client that had broken off, and what of a write went that failed.
  const isUnknown = bytes === undefined && outcome === 'aborted'
  if (!isUnknown && !areBytesTrue(request, Number(bytes))) found.push(`logged with ${bytes} bytes`)
  return found
}
