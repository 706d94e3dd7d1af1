import { attempt } from '../safely.js'
import type { Outcome } from '../vocabulary.js'

/** An error as a line shows it. */
export interface Failure {
  type: string
  /** What a program tells errors apart by: `ECONNREFUSED`, `FST_ERR_VALIDATION`. */
  code?: string
  message: string
  stack?: string
}

const MAX_CAUSES = 5

/** What is read of a request that may have failed. */
interface Failed {
  readonly thrown: readonly unknown[] | undefined
  readonly status: number | undefined
  readonly outcome: Outcome
}

/** The error that a failed request failed with; one that a handler turned into a good answer is none. */
export function failureOf({ thrown, status = 0, outcome }: Failed): Failure | undefined {
  if (thrown === undefined || (outcome === 'completed' && status < 400)) return undefined
  return describeError(thrown.at(-1), status >= 500, thrown.slice(0, -1).reverse())
}

/**
 * Describes whatever was thrown; it never throws itself, however hostile the value.
 * @param withStack whether to add the stack, with those of its causes below it
 * @param before what was being handled when it was thrown, latest first; their stacks follow
 */
export function describeError(thrown: unknown, withStack: boolean, before: readonly unknown[] = []): Failure {
  const code = attempt(() => codeOf(thrown), undefined)
  const failure: Failure = {
    type: attempt(() => typeOf(thrown), 'Error'),
    ...(code !== undefined && { code }),
    message: attempt(() => messageOf(thrown), ''),
  }
  if (!withStack) return failure
  const stacks = [thrown, ...before].map((each) => attempt(() => stackOf(each), ''))
  const stack = stacks.filter((each) => each !== '').join('\nwhile handling: ')
  if (stack !== '') failure.stack = stack
  return failure
}

/** The name a class gave its errors, else the name of the class: `TypeError`, `NotFound`. */
function typeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return typeof thrown
  const { name } = thrown as { name?: unknown }
  if (typeof name === 'string' && name !== '' && name !== 'Error') return name
  const className = thrown.constructor?.name
  return className === undefined || className === '' ? 'Error' : className
}

/** The code of an error, if it is a text. */
export function codeOf(thrown: unknown): string | undefined {
  const { code } = Object(thrown) as { code?: unknown }
  return typeof code === 'string' && code !== '' ? code : undefined
}

function messageOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown)
  const { message } = thrown as { message?: unknown }
  return message === undefined ? '' : String(message)
}

function stackOf(thrown: unknown): string {
  const stacks: string[] = []
  let current = thrown
  while (typeof current === 'object' && current !== null && stacks.length <= MAX_CAUSES) {
    const { stack, cause } = current as { stack?: unknown; cause?: unknown }
    if (typeof stack !== 'string' || stacks.includes(stack)) break
    stacks.push(stack)
    current = cause
  }
  return stacks.join('\ncaused by: ')
}
