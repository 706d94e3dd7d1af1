// Judges whether the lines of a tool about an ending are true.
import { PRELUDE } from './client.mjs'

export const YES = 'yes'
const NO = 'no'
const TWICE = 'twice'
const AS_ANOTHER = 'as another'

/** The tool that is judged more strictly than its peers. */
export const OWN = 'waybill'

/** Returns the verdict on a tool for the table of a side. */
export function verdictOn(side, name, ending, lines) {
  const verdict = judge(side.tools[name], ending, lines)
  if (name !== OWN || verdict !== YES) return verdict
  return complaints(ending, lines).length > 0 ? AS_ANOTHER : verdict
}

/**
 * Judges the lines of a tool by what the client saw:
 * - `yes`: every request has one completion, and it is true;
 * - `as another`: a completion says something else;
 * - `twice`: there are more completions than requests;
 * - `2 of 3`: some requests have a true completion, others none;
 * - `no`: there is none.
 *
 * An extra line about an error does not count as a completion.
 */
function judge(tool, { truth, requests = 1 }, lines) {
  const completions = completionsOf(tool, lines)
  if (completions.length === 0) return NO
  if (completions.length > requests || isRepeated(completions)) return TWICE
  if (!completions.every(({ completion }) => isTrue(completion, truth))) return AS_ANOTHER
  return completions.length === requests ? YES : `${completions.length} of ${requests}`
}

/** Returns the completions of the ending's requests. */
function completionsOf(tool, lines) {
  const readings = lines.map(tool.read).filter((reading) => reading !== undefined)
  const paths = new Map(readings.filter(({ path }) => path !== undefined).map(({ id, path }) => [id, path]))
  const isPrelude = ({ id, path = paths.get(id) }) => path === PRELUDE
  return readings.filter((reading) => reading.completion !== undefined && !isPrelude(reading))
}

function isRepeated(completions) {
  const ids = completions.map(({ id }) => id).filter((id) => id !== undefined)
  return new Set(ids).size < ids.length
}

/**
 * Whether a completion is true to what the client saw.
 * - The client has the whole answer: the completion has its status, and only a failure is logged as one. For an answer of
 *   400 or above, a completion without a status is true, too.
 * - The client has not: the completion differs from that of a success in any way: by words, by an error, by a status of 400
 *   or above, or by a missing status (morgan's `-`).
 */
function isTrue({ status, aborted = false, failed = false }, truth) {
  const soundsWell = status !== undefined && status < 400 && !aborted && !failed
  if (!truth.whole) return !soundsWell
  if (truth.status < 400) return soundsWell && status === truth.status
  return status === undefined || status === truth.status
}

/** Returns what is wrong with waybill's lines, judged by what it promises; nothing if they are right. */
export function complaints({ requests = 1, waybill }, lines) {
  if (waybill === undefined) return []
  const events = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  const found = (event) => events.filter((line) => line.event === event && line.path !== PRELUDE)
  const started = found('request.started').map(({ request_id }) => request_id)
  const completed = found('request.completed')
  const wrong = []
  if (started.length !== requests) wrong.push(`${started.length} starts`)
  if (completed.length !== requests) wrong.push(`${completed.length} completions`)
  for (const { request_id, outcome, status } of completed) {
    if (!started.includes(request_id)) wrong.push('a completion without a start')
    if (outcome !== waybill.outcome) wrong.push(`outcome ${outcome}, not ${waybill.outcome}`)
    if ('status' in waybill && status !== waybill.status)
      wrong.push(`status ${status}, not ${waybill.status}`)
  }
  return wrong
}
