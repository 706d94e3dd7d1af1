import { Buffer } from 'node:buffer'
import { randomFillSync } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { systemClock } from '../clock.js'
import { showValue, warnOnce } from '../errors.js'
import type { RawRequest } from '../options.js'
import { isUnawaited } from '../safely.js'

/** Why an id that the client sent was replaced. */
export type IdRejection = 'length' | 'charset' | 'multiple'

/** How ids are read, checked and generated: the complete form of the options. */
export interface IdRules {
  /** Header names in lower case. */
  readonly headers: readonly string[]
  readonly trust: 'always' | 'never' | ((request: RawRequest) => boolean)
  readonly generate: (request: RawRequest) => string
  /** The option that `generate` comes from, for warnings. */
  readonly generatedBy?: string
}

/** The id of a request, and what happened to the client's. */
export interface RequestId {
  readonly id: string
  /** Why the id that the client sent was replaced. */
  readonly rejected?: IdRejection
  /** A well-formed id of the client that was not trusted. */
  readonly clientId?: string
}

// Allows neither comma nor space: Node.js joins repeated header lines with ", ", so no joined value passes.
const ACCEPTABLE = /^[A-Za-z0-9][A-Za-z0-9._~+/=@:-]{0,127}$/
const MAX_LENGTH = 128

/** Whether a text may serve as a request id. */
export function isRequestId(value: unknown): value is string {
  return typeof value === 'string' && ACCEPTABLE.test(value)
}

/** Accepts the id that a request carries, or generates a new one; an id is never altered. */
export function acceptRequestId(request: RawRequest, rules: IdRules): RequestId {
  const { headers } = request
  for (const name of rules.headers) {
    const value = headers[name]
    // Headers are a plain object, so a name such as `constructor` finds a value that is no header.
    if (typeof value !== 'string' && !Array.isArray(value)) continue
    if (!isRequestId(value)) {
      return { id: generateId(request, rules), rejected: rejectionOf(value, countLines(request, name)) }
    }
    return isTrusted(request, rules) ? { id: value } : { id: generateId(request, rules), clientId: value }
  }
  return { id: generateId(request, rules) }
}

function rejectionOf(value: NonNullable<IncomingHttpHeaders[string]>, lines: number): IdRejection {
  if (lines > 1 || typeof value !== 'string') return 'multiple'
  return value.length === 0 || value.length > MAX_LENGTH ? 'length' : 'charset'
}

function countLines(request: RawRequest, name: string): number {
  let count = 0
  // A request that a plugin constructs may have none.
  const rawHeaders: readonly string[] | undefined = request.rawHeaders
  for (let i = 0; i < (rawHeaders?.length ?? 0); i += 2) {
    if (rawHeaders?.[i]?.toLowerCase() === name) count++
  }
  return count
}

function isTrusted(request: RawRequest, { trust }: IdRules): boolean {
  if (typeof trust === 'string') return trust === 'always'
  let answer: unknown
  try {
    answer = trust(request)
    if (typeof answer === 'boolean') return answer
    isUnawaited(answer)
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
    isUnawaited(made)
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

/** The buffer in which each id overwrites the one before. */
const text = Buffer.from('00000000-0000-7000-8000-000000000000')
/** The offsets of the last ten bytes of an id, two digits each; the first digit is the version. */
const PLACES = [14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const
const [VERSION_PLACE, , VARIANT_PLACE] = PLACES
const VERSION = 0x37
/** The character codes of the hexadecimal digits of each byte. */
const HIGH = Uint8Array.from({ length: 256 }, (_, byte) => hexDigit(byte >> 4))
const LOW = Uint8Array.from({ length: 256 }, (_, byte) => hexDigit(byte & 0xf))
/** The random bytes of 256 ids, drawn at once. */
const random = new Uint8Array(256 * PLACES.length)
let used = random.length
let latest = 0

/**
 * Generates a UUID version 7, ordered by time to the millisecond (RFC 9562, section 5.7). It is written here because `uuid`
 * takes more than twice the time and many times the memory (`npm run bench:pieces`).
 */
export function newUuid(): string {
  const now = Math.trunc(systemClock.now())
  if (now !== latest) {
    latest = now
    const digits = now.toString(16).padStart(12, '0')
    text.write(`${digits.slice(0, 8)}-${digits.slice(8)}`, 'latin1')
  }
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  for (const place of PLACES) {
    const byte = random[used++] ?? 0
    text[place] = HIGH[byte] ?? 0
    text[place + 1] = LOW[byte] ?? 0
  }
  text[VERSION_PLACE] = VERSION
  // The two bits of the variant are 10.
  const variant = random[used - PLACES.length + 2] ?? 0
  text[VARIANT_PLACE] = hexDigit(0x8 | ((variant >> 4) & 0x3))
  return text.toString('latin1')
}

/** The character code of a hexadecimal digit. */
function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value
}
