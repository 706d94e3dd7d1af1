import type { RequestRecord } from '../request/record.js'
import { completionMessage, UNPARSED } from './messages.js'
import { remembering } from './remember.js'
import { encodeWithin } from './text.js'

// What lines say of a request as it stands between quotes, made of parts that are encoded once.

const methodAndSpace = remembering((method) => `${encodeWithin(String(method))} `)
const statusAndSpaces = remembering((status) => ` ${status} `)

/** The id, which both lines of a request say. */
export function quotedId(entry: RequestRecord): string {
  entry.idText ??= encodeWithin(entry.requestId)
  return entry.idText
}

/** The path, which both lines of a request say twice. */
export function quotedPath(entry: RequestRecord): string {
  entry.pathText ??= encodeWithin(entry.path ?? '')
  return entry.pathText
}

/** What {@link startMessage} says. */
export function quotedStart(entry: RequestRecord): string {
  return entry.method === undefined ? UNPARSED : methodAndSpace(entry.method) + quotedPath(entry)
}

/** What {@link completionMessage} says. */
export function quotedCompletion(entry: RequestRecord): string {
  const { status, durationMs, outcome } = entry
  if (status === undefined || durationMs === undefined) return encodeWithin(completionMessage(entry))
  const story = `${quotedStart(entry)}${statusAndSpaces(status)}${durationText(durationMs)}ms`
  return outcome === 'completed' ? story : `${story} ${outcome}`
}

/** What stands behind the whole milliseconds of a duration, for each of its microseconds. */
const FRACTIONS = Array.from({ length: 1000 }, (_, us) => String(us / 1000).slice(1))
/** Longer durations are rare. */
const MOST_MS = 1e6

/** A number of milliseconds with at most three decimals, as text, for 0.05 instead of 0.13 µs. */
export function durationText(ms: number): string {
  if (!(ms >= 0 && ms < MOST_MS)) return String(ms)
  const us = Math.round(ms * 1000)
  const whole = Math.floor(us / 1000)
  return us / 1000 === ms ? `${whole}${FRACTIONS[us - whole * 1000]}` : String(ms)
}
