import { randomFillSync } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { v7 } from 'uuid'
import { showValue, warnOnce } from '../errors.js'
import type { RawRequest } from '../options.js'

/** Why an id that the client sent was replaced. */
export type IdRejection = 'length' | 'charset' | 'multiple'

/** How ids are read, checked and made: the resolved form of the options. */
export interface IdRules {
  /** Header names in lower case. */
  readonly headers: readonly string[]
  readonly trust: 'always' | 'never' | ((request: RawRequest) => boolean)
  readonly generate: (request: RawRequest) => string
  /** The option that `generate` is from, as a warning says it. */
  readonly generatedBy?: string
}

/** What became of the id of a request. */
export interface RequestId {
  readonly id: string
  /** Why the id that the client sent was replaced. */
  readonly rejected?: IdRejection
  /** A well-formed id that was not believed. */
  readonly clientId?: string
}

// Neither a comma nor a space: Node.js joins repeated header lines with ", ", so no joined value passes.
const ACCEPTABLE = /^[A-Za-z0-9][A-Za-z0-9._~+/=@:-]{0,127}$/
const MAX_LENGTH = 128

/** Whether a text may serve as a request id. */
export function isRequestId(value: unknown): value is string {
  return typeof value === 'string' && ACCEPTABLE.test(value)
}

/** Takes the id that a request carries or makes a new one; an id is never altered. */
export function acceptRequestId(request: RawRequest, rules: IdRules): RequestId {
  const { headers } = request
  for (const name of rules.headers) {
    const value = headers[name]
    // Headers are a plain object: a name such as `constructor` finds what is no header.
    if (typeof value !== 'string' && !Array.isArray(value)) continue
    if (!isRequestId(value)) {
      return { id: generateId(request, rules), rejected: rejectionOf(value, countLines(request, name)) }
    }
    return isBelieved(request, rules) ? { id: value } : { id: generateId(request, rules), clientId: value }
  }
  return { id: generateId(request, rules) }
}

function rejectionOf(value: NonNullable<IncomingHttpHeaders[string]>, lines: number): IdRejection {
  if (lines > 1 || typeof value !== 'string') return 'multiple'
  return value.length === 0 || value.length > MAX_LENGTH ? 'length' : 'charset'
}

function countLines(request: RawRequest, name: string): number {
  let count = 0
  // A request that a plugin made up may have none.
  const rawHeaders: readonly string[] | undefined = request.rawHeaders
  for (let i = 0; i < (rawHeaders?.length ?? 0); i += 2) {
    if (rawHeaders?.[i]?.toLowerCase() === name) count++
  }
  return count
}

function isBelieved(request: RawRequest, { trust }: IdRules): boolean {
  if (typeof trust === 'string') return trust === 'always'
  let answer: unknown
  try {
    answer = trust(request)
    if (typeof answer === 'boolean') return answer
    // An asynchronous function can't decide; what it rejects with is not left unhandled.
    if (answer instanceof Promise) answer.catch(() => {})
  } catch (error) {
    answer = error
  }
  const message = `waybill: option "requestId.trust" must return a boolean, got ${showValue(answer)}; the id was not trusted`
  warnOnce('WAYBILL_WARN_OPTION_RESULT', 'requestId.trust', message)
  return false
}

function generateId(request: RawRequest, { generate, generatedBy = 'requestId.generate' }: IdRules): string {
  if (generate === newUuid) return newUuid()
  let made: unknown
  try {
    made = generate(request)
    if (isRequestId(made)) return made
  } catch (error) {
    made = error
  }
  warnOnce(
    'WAYBILL_WARN_OPTION_RESULT',
    generatedBy,
    `waybill: option "${generatedBy}" must return a string that matches ${ACCEPTABLE.source}, got ${showValue(made)}; a UUID was used`,
  )
  return newUuid()
}

const UUID_BYTES = 16
const DRAWN = 256
// One draw of random bytes for 256 ids: the draw is nearly all of what uuid.v7() costs (1.7 against 0.3 µs).
const pool = new Uint8Array(UUID_BYTES * DRAWN)
const slots = Array.from({ length: DRAWN }, (_, at) => pool.subarray(UUID_BYTES * at, UUID_BYTES * (at + 1)))
let used = DRAWN

function randomBytes(): Uint8Array {
  if (used === DRAWN) {
    randomFillSync(pool)
    used = 0
  }
  return slots[used++] ?? pool
}

const v7Options = { rng: randomBytes }

/** A new UUID version 7, ordered by time to the millisecond (RFC 9562, section 5.7). */
export function newUuid(): string {
  return v7(v7Options)
}
