import type { Line } from './service.js'

/** The request of the service that brings an id of its own. */
const REQUEST_ID = 'checkout-7f3a'

/** What a query says of a route: how many of its requests it counts, and a figure. */
export type Row = readonly [route: string, requests: number, figure: number]

/** How long the slowest request of each route took, the slowest first. */
export function slowest(lines: readonly Line[]): Row[] {
  const rows = byRoute(lines, 'duration_ms', (durations) => Math.max(...durations))
  return rows.sort(([, , a], [, , b]) => b - a)
}

/** Which part of the requests of each route failed, in the order of the routes. */
export function errorRates(lines: readonly Line[]): Row[] {
  const rows = byRoute(
    lines,
    'status',
    (statuses) => statuses.filter((status) => status >= 500).length / statuses.length,
  )
  return sorted(rows)
}

/** What there is about one request. */
export function aboutOne(lines: readonly Line[]): Line[] {
  return lines.filter(({ request_id: id }) => id === REQUEST_ID)
}

/** Rows in the order of their routes. */
export function sorted(rows: readonly Row[]): Row[] {
  return rows.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** A figure for each route, made of what its lines have in a field. */
function byRoute(
  lines: readonly Line[],
  field: 'duration_ms' | 'status',
  figureOf: (values: readonly number[]) => number,
): Row[] {
  const routes = new Map<string, number[]>()
  for (const { route, [field]: value } of lines) {
    if (route === undefined || value === undefined) continue
    const values = routes.get(route) ?? []
    routes.set(route, [...values, value])
  }
  return [...routes].map(([route, values]) => [route, values.length, figureOf(values)])
}
