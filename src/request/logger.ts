import { attempt } from '../safely.js'
import type { Level, LogLevel } from '../vocabulary.js'

/** Writes one line: its fields, then its message. */
type LogLine = (fields: object, message: string) => void

/** What waybill needs of the logger of a request; pino's and every other that Fastify takes has it. */
export type RequestLogger = { readonly [level in Level]: LogLine } & {
  isLevelEnabled?(level: LogLevel): boolean
  bindings?(): Record<string, unknown>
}

/** A logger that makes others, which carry more on their lines. */
export type ParentLogger = RequestLogger & { child(bindings: Record<string, unknown>): RequestLogger }

/** Whether every line of a logger carries an id as `request_id`; a logger that can't be asked does not. */
export function bindsId(logger: RequestLogger, id: string): boolean {
  return attempt(() => logger.bindings?.().request_id === id, false)
}
