import { types } from 'node:util'
import { attempt, keysOf } from '../safely.js'
import { cutText, showBigint } from '../text.js'
import type { Outcome } from '../vocabulary.js'
import { isServerError } from './outcome.js'
import { withoutJson, withoutRequest } from './parse-errors.js'
import { isSecret, REDACTED } from './redact.js'

/** An error as a line shows it. */
export interface Failure {
  type: string
  /** Tells programs which error it is: `ECONNREFUSED`, `FST_ERR_VALIDATION`. */
  code?: string
  message: string
  stack?: string
}

/** Characters per message; no line holds more. */
const MAX_MESSAGE = 8000
const MAX_STACK = 16_000
/** Characters per error within a stack. */
const MAX_EACH = 4000
/** Characters per type or code. */
const MAX_WORD = 200
/** Errors per stack, levels of causes, and parts per `AggregateError`. */
export const MAX_ERRORS = 12
const MAX_DEPTH = 5
const MAX_PARTS = 5
/** Properties shown of a thrown object that is not an error. */
const MAX_PROPERTIES = 10
const MAX_VALUE = 200

/** The facts that decide whether a request failed, and with which error. */
interface FailureFacts {
  readonly thrown: readonly unknown[] | undefined
  /** Absent if the request could not be parsed. */
  readonly method: string | undefined
  readonly status: number | undefined
  readonly outcome: Outcome
}

/** Returns the error of a failed request; one that a handler turned into an answer below 400 doesn't count. */
export function failureOf({
  thrown,
  method,
  status = 0,
  outcome,
}: FailureFacts): Partial<Failure> | undefined {
  if (thrown === undefined || (outcome === 'completed' && status < 400)) return undefined
  const code = method === undefined ? codeOf(thrown.at(-1)) : undefined
  // Any client can cause many such lines, and the parser's message adds nothing to its code.
  if (code !== undefined) return { code }
  return describeError(
    thrown.at(-1),
    status >= 500 || isServerError(status, outcome, true),
    thrown.slice(0, -1).reverse(),
  )
}

/** Whether a value is an error of any realm, because test runners use several. */
export function isError(value: unknown): value is Error {
  return attempt(() => value instanceof Error || types.isNativeError(value), false)
}

/**
 * Describes a thrown value, cut to what a line holds and without what an error quotes of the request. It never throws,
 * whatever the value.
 * @param withStack whether to add the stack, followed by those of its causes and parts
 * @param before the errors that were being handled when it was thrown, latest first; their stacks follow
 */
export function describeError(thrown: unknown, withStack: boolean, before: readonly unknown[] = []): Failure {
  const code = codeOf(thrown)
  const failure: Failure = {
    type: typeOf(thrown),
    ...(code !== undefined && { code }),
    message: messageOf(thrown),
  }
  if (!withStack) return failure
  const stack = stackWithCauses(thrown, before)
  if (stack !== '') failure.stack = stack
  return failure
}

/** Reads a property of any value; returns undefined if that throws. */
function read(value: unknown, key: string): unknown {
  return attempt(() => (value as Record<string, unknown>)[key], undefined)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Returns the name of an error, else the name of its class: `TypeError`, `NotFound`. */
function typeOf(thrown: unknown): string {
  if (!isObject(thrown)) return typeof thrown
  for (const name of [read(thrown, 'name'), read(read(thrown, 'constructor'), 'name')])
    if (typeof name === 'string' && name !== '' && name !== 'Error') return cutText(name, MAX_WORD)
  return 'Error'
}

/** The `type` of body parsers' errors: `entity.too.large`. */
const DOTTED = /^[a-z]+(?:\.[a-zA-Z]+)+$/

/** Returns the code of an error if it is a string, else the `type` of a body parser's error. */
export function codeOf(thrown: unknown): string | undefined {
  const code = read(thrown, 'code')
  if (typeof code === 'string' && code !== '') return cutText(code, MAX_WORD)
  const type = read(thrown, 'type')
  return typeof type === 'string' && type.length <= MAX_WORD && DOTTED.test(type) ? type : undefined
}

/** Returns the message of a thrown value, else those of its parts, else that of its cause. */
function messageOf(thrown: unknown, depth = 0): string {
  const { safe } = ownMessageOf(thrown)
  if (safe !== '' || !isObject(thrown) || depth >= MAX_DEPTH) return safe
  const { errors, count } = partsOf(thrown)
  if (count === 0) {
    const cause = read(thrown, 'cause')
    return isNothing(cause) ? '' : messageOf(cause, depth + 1)
  }
  // Parts of parts are omitted.
  const messages = errors.map((each) => messageOf(each, MAX_DEPTH)).filter((each) => each !== '')
  if (count > errors.length) messages.push(`and ${count - errors.length} more`)
  return cutText(messages.join('; '), MAX_MESSAGE)
}

/** Returns the cut message of a value itself, and the same without what it quotes of the request. */
function ownMessageOf(thrown: unknown): { own: string; safe: string } {
  const message = isObject(thrown) ? (read(thrown, 'message') ?? thrown) : thrown
  const whole = isObject(message) ? shownObject(message) : shown(message)
  const own = cutText(whole, MAX_MESSAGE)
  return { own, safe: withoutRequest(own, read(thrown, 'type'), own !== whole) }
}

/** Shows a primitive or a function as text. */
function shown(value: unknown): string {
  if (typeof value === 'function') return '[function]'
  return typeof value === 'bigint' ? showBigint(value) : String(value)
}

/** Shows the first primitive properties of a thrown object; an error without a message shows nothing. */
function shownObject(value: object): string {
  if (typeof read(value, 'stack') === 'string') return ''
  const parts: [string, unknown][] = []
  for (const key of keysOf(value, MAX_PROPERTIES)) {
    const each = read(value, key)
    if (!['string', 'number', 'boolean'].includes(typeof each)) continue
    const text = typeof each === 'string' ? cutText(each, MAX_VALUE) : each
    parts.push([cutText(key, MAX_VALUE), isSecret(key) ? REDACTED : text])
  }
  return parts.length === 0 ? '' : JSON.stringify(Object.fromEntries(parts))
}

/** Returns the first errors within an `AggregateError` or `SuppressedError`, and how many there are. */
function partsOf(thrown: object): { errors: readonly unknown[]; count: number } {
  if (typeOf(thrown) === 'SuppressedError')
    return { errors: [read(thrown, 'error'), read(thrown, 'suppressed')], count: 2 }
  const errors = read(thrown, 'errors')
  // Validators put other things into a property `errors`.
  const isAggregate =
    typeOf(thrown) === 'AggregateError' || attempt(() => thrown instanceof AggregateError, false)
  if (!isAggregate || !attempt(() => Array.isArray(errors), false)) return { errors: [], count: 0 }
  const length = read(errors, 'length')
  const count = Number.isSafeInteger(length) ? Number(length) : 0
  return {
    errors: Array.from({ length: Math.min(count, MAX_PARTS) }, (_, at) => read(errors, String(at))),
    count,
  }
}

/** Joins the stacks of an error, of its parts and causes, and of the errors that were being handled. */
function stackWithCauses(thrown: unknown, before: readonly unknown[]): string {
  const stacks: string[] = []
  const seen = new Set<unknown>()

  function add(value: unknown, label: string, depth: number): void {
    if (isNothing(value) || stacks.length >= MAX_ERRORS || depth > MAX_DEPTH) return
    const text = cutText(stackOf(value) || (label === '' ? '' : nameAndMessage(value)), MAX_EACH)
    // A getter may create an equal object at each read, which only its text shows.
    if (seen.has(value) || seen.has(text)) return
    seen.add(value)
    if (text !== '') {
      seen.add(text)
      stacks.push(label + text)
    }
    if (!isObject(value)) return
    const { errors, count } = partsOf(value)
    for (const [at, each] of errors.entries()) add(each, `caused by ${at + 1} of ${count}: `, depth + 1)
    add(read(value, 'cause'), 'caused by: ', depth + 1)
  }

  add(thrown, '', 0)
  for (const each of before.slice(0, MAX_ERRORS)) add(each, 'while handling: ', 0)
  return cutText(stacks.join('\n'), MAX_STACK)
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null
}

/** Returns the stack of an error, with the message in its first lines replaced by the safe one. */
function stackOf(thrown: unknown): string {
  const stack = read(thrown, 'stack')
  if (!isObject(thrown) || typeof stack !== 'string') return ''
  const { own, safe } = ownMessageOf(thrown)
  const text = cutText(stack, MAX_MESSAGE)
  const plain = withoutJson(text, text !== stack)
  if (withoutJson(own, false) === safe) return plain
  if (own !== '' && plain.includes(own)) return plain.replace(own, () => safe)
  const frames = plain.split('\n').filter((line) => line.startsWith('    at '))
  return [`${typeOf(thrown)}: ${safe}`, ...frames].join('\n')
}

function nameAndMessage(value: unknown): string {
  return isObject(value) ? `${typeOf(value)}: ${messageOf(value)}` : ownMessageOf(value).safe
}
