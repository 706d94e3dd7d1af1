import type { RequestRecord } from '../request/record.js'
import { createColumns } from './pretty-columns.js'
import { createPaint } from './pretty-paint.js'

/** What the head of an event says of its request. */
export type Told = Pick<RequestRecord, 'time' | 'requestId' | 'method' | 'path'>

/** What the head of a completion says besides. */
export interface ToldCompletion extends Told {
  readonly status: unknown
  readonly durationMs: number | undefined
  readonly outcome: string
  readonly slow: boolean
}

/** The heads of lines, with what a terminal would obey in an event made visible. */
export interface Heads {
  /** Time, id, method and path. */
  started(told: Told): string
  /** Time, status, duration, id, method and path, and the outcome unless all went well. */
  completed(told: ToldCompletion): string
  /** The head of one of the app's own log lines: time, level, id if it has one, message, which are visible already. */
  logLine(time: number, level: string, requestId: string, message: string): string
}

/** The heads, in colour or not. */
export function createHeads(colors: boolean): Heads {
  const paint = createPaint(colors)
  const { time, arrow, status, level, duration, noDuration, id, request } = createColumns(paint)
  return {
    started: (told) => time(told.time) + arrow + id(told.requestId) + request(told.method, told.path),
    completed: (told) => {
      const { durationMs, outcome, slow } = told
      const head =
        time(told.time) +
        status(told.status) +
        (durationMs === undefined ? noDuration : duration(durationMs)) +
        id(told.requestId) +
        request(told.method, told.path)
      if (outcome === 'completed' && !slow) return head
      const remark = outcome === 'completed' ? 'slow' : slow ? `${outcome} slow` : outcome
      return `${head} ${paint.yellow(remark)}`
    },
    logLine: (at, name, requestId, message) =>
      time(at) + level(name) + noDuration + id(requestId) + message.replaceAll('\n', '\n    '),
  }
}
