import type { Outcome } from './vocabulary.js'

/** The codes of the errors that waybill throws, all of them during set-up. */
export type ErrorCode =
  | 'WAYBILL_ERR_OPTION_UNKNOWN'
  | 'WAYBILL_ERR_OPTION_TYPE'
  | 'WAYBILL_ERR_OPTION_VALUE'
  | 'WAYBILL_ERR_OPTION_UNUSED'
  | 'WAYBILL_ERR_ENVIRONMENT'
  | 'WAYBILL_ERR_FASTIFY_OPTION'
  | 'WAYBILL_ERR_REGISTERED_TWICE'
  | 'WAYBILL_ERR_SERVER'
  | 'WAYBILL_ERR_ENTRY'

/** The codes of the process warnings that waybill emits, once for each code and subject. */
export type WarningCode =
  | 'WAYBILL_WARN_OPTION_RESULT'
  | 'WAYBILL_WARN_FIELD'
  | 'WAYBILL_WARN_EVENT_LOST'
  | 'WAYBILL_WARN_FASTIFY_LINES'
  | 'WAYBILL_WARN_REGISTERED_TWICE'
  | 'WAYBILL_WARN_INTERNAL'
  | 'WAYBILL_WARN_LATE'
  | 'WAYBILL_WARN_ORDER'

/**
 * Names the page and heading in the package that explain an error or warning, under `node_modules`.
 *
 * @example
 * helpOf('WAYBILL_WARN_LATE') // 'waybill/docs/errors.md#waybill_warn_late'
 */
function helpOf(code: ErrorCode | WarningCode): string {
  return `waybill/docs/errors.md#${code.toLowerCase()}`
}

/**
 * Thrown when waybill can't be set up as asked. The message says what is wrong:
 * `waybill: option "slow" must be a number of milliseconds ≥ 0, got "x"`.
 *
 * @example
 * try {
 *   await app.register(waybill, options)
 * } catch (error) {
 *   if (error instanceof WaybillError) console.error(error.code, error.option)
 *   throw error
 * }
 */
export class WaybillError extends Error {
  override readonly name = 'WaybillError'
  /** Identifies the error; stable across versions. */
  readonly code: ErrorCode
  /** The option or environment variable at fault, such as `requestId.trust`; `undefined` if there is none. */
  readonly option: string | undefined
  /** The page that gives cause and remedy: `waybill/docs/errors.md#…`, a file in the package and its heading. */
  readonly help: string

  /** @internal */
  constructor(code: ErrorCode, message: string, option?: string) {
    super(message)
    this.code = code
    this.option = option
    this.help = helpOf(code)
  }
}

/** The error for an option whose type or value is wrong. */
export function wrongOption(
  code: 'WAYBILL_ERR_OPTION_TYPE' | 'WAYBILL_ERR_OPTION_VALUE',
  option: string,
  must: string,
  got: string,
): WaybillError {
  const message = `waybill: option ${JSON.stringify(option)} must be ${must}, got ${got}`
  return new WaybillError(code, message, option)
}

/** An error that says why an option has no effect. */
export function unusedOption(option: string, why: string): WaybillError {
  const message = `waybill: option "${option}" has no effect ${why}`
  return new WaybillError('WAYBILL_ERR_OPTION_UNUSED', message, option)
}

/**
 * Suggests the known word closest to an unknown one: `, did you mean "info"?`; empty if none is close.
 * @param known words, or names such as `requestId.trust`, compared by their last part only
 */
export function suggest(word: unknown, known: readonly string[]): string {
  if (typeof word !== 'string') return ''
  const near = known
    .map((name) => ({ name, last: letters(name.slice(name.lastIndexOf('.') + 1)) }))
    .map(({ name, last }) => ({
      ...{ name, last, distance: distanceOf(letters(word), last) },
      rest: Math.abs(word.length - last.length),
    }))
    .filter(
      ({ last, distance }) =>
        distance <= Math.max(BEGINNING, Math.ceil(last.length / 3)) && distance < last.length,
    )
    .sort((a, b) => a.distance - b.distance || a.rest - b.rest)[0]
  return near === undefined ? '' : `, did you mean "${near.name}"?`
}

/** The distance of a word from its beginning, unless it is a single letter. */
const BEGINNING = 2

function letters(word: string): string {
  return word.slice(0, 40).toLowerCase().replaceAll(/[-_]/g, '')
}

/** The edit distance of two words, in letters to add, drop or replace; 2 if one is a prefix of the other. */
function distanceOf(a: string, b: string): number {
  const isBeginning =
    a.length > 2 && Math.abs(a.length - b.length) > 1 && (a.startsWith(b) || b.startsWith(a))
  if (isBeginning) return BEGINNING
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [index, letter] of Array.from(a).entries()) {
    const next = [index + 1]
    for (const [at, other] of Array.from(b).entries()) {
      const replaced = (row[at] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

const warned = new Set<string>()

/** Emits a Node.js process warning, once for each code and subject; its `detail` names the page that explains it. */
export function warnOnce(code: WarningCode, subject: string, message: string): void {
  const key = `${code} ${subject}`
  if (warned.has(key)) return
  warned.add(key)
  process.emitWarning(message, { type: 'WaybillWarning', code, detail: `See ${helpOf(code)}` })
}

/** Lists words for an error message. */
export function anyOf(words: readonly (string | boolean)[]): string {
  const shown = words.map((word) => JSON.stringify(word))
  return shown.length < 3 ? shown.join(' or ') : `one of ${shown.join(', ')}`
}

/** Control characters and line separators; JSON leaves some unescaped. */
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g

/** Shows a value in a message: short, on one line. */
export function showValue(value: unknown): string {
  try {
    return describe(value).replaceAll(
      UNSAFE,
      (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  } catch {
    return 'an unreadable value'
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value))
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Error) return onOneLine(`${value.name}: ${value.message}`)
  if (typeof value === 'object' && value !== null) return 'an object'
  return onOneLine(String(value))
}

function onOneLine(text: string): string {
  return shorten(text.slice(0, 1000).replaceAll(/\s+/g, ' '))
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** The most late fields to warn about, because an app may take names from what clients send. */
const MAX_KEYS = 100

const keys = new Set<string>()

/**
 * Warns once for each key that a field or error came after its request had completed.
 * @param call the call, with the key or error passed to it
 * @param key the name of the field; empty for an error
 */
export function warnLate(call: string, key: string, outcome: Outcome): void {
  if (keys.size >= MAX_KEYS || key.length > 1000) return
  keys.add(key)
  const message = `waybill: request.waybill.${call} had no effect: the request had completed already (${outcome})`
  warnOnce('WAYBILL_WARN_LATE', key, message)
}

/** Whether a value is a Fastify app or one of its contexts. */
export function isFastify(value: object | undefined): boolean {
  return typeof (value as { decorateRequest?: unknown } | undefined)?.decorateRequest === 'function'
}

/** The error for the Fastify plugin if Fastify doesn't register it. */
export function misplacedPlugin(): WaybillError {
  return new WaybillError(
    'WAYBILL_ERR_ENTRY',
    "waybill: this is the Fastify plugin: in Fastify, write app.register(waybill); in Express, import waybill from 'waybill/express' and write app.use(waybill())",
  )
}

/** The error for the Express middleware if Fastify registers it. */
export function misplacedMiddleware(): WaybillError {
  return new WaybillError(
    'WAYBILL_ERR_ENTRY',
    "waybill: this is the Express middleware: in Fastify, import waybill from 'waybill' and write app.register(waybill)",
  )
}
