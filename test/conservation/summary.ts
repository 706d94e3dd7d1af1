import type { Line } from '../support/capture.js'
import type { Plan } from './plan.js'

/** What was sent and what the log told of it, a line a kind. */
export function summaryOf(title: string, { sent, visits, garbage }: Plan, lines: readonly Line[]): string {
  const told = new Map(
    lines
      .filter(({ event }) => event === 'request.completed')
      .map(({ request_id: id, outcome, status }) => [id, `${outcome} ${status}`]),
  )
  const kinds = new Map<string, Map<string, number>>()
  for (const { id, over, kind: what } of sent) {
    const kind = `${over} ${what}`
    const counts = kinds.get(kind) ?? new Map<string, number>()
    const ending = told.get(id) ?? 'none'
    kinds.set(kind, counts.set(ending, (counts.get(ending) ?? 0) + 1))
  }
  const rows = [...kinds].sort(([a], [b]) => a.localeCompare(b)).map(([kind, counts]) => row(kind, counts))
  return [
    title,
    `${sent.length} requests in ${visits.length} visits, garbage on ${garbage.length} connections`,
    ...rows,
  ].join('\n')
}

function row(kind: string, counts: ReadonlyMap<string, number>): string {
  const sum = [...counts.values()].reduce((total, count) => total + count, 0)
  const endings = [...counts].sort().map(([ending, count]) => `${ending}: ${count}`)
  return `${String(sum).padStart(6)} ${kind}: ${endings.join(', ')}`
}
