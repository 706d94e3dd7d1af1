import { fitRecord } from '../format/fit.js'
import { type Budget, copyField, MAX_VALUES, type Plain } from '../request/copy.js'
import { isRecord } from '../request/fields.js'
import { hasFailed } from '../request/outcome.js'
import type { FailedBodyRules } from '../request/policy.js'
import type { RequestRecord } from '../request/record.js'
import { attempt } from '../safely.js'

const NOTHING_KEPT: ReadonlySet<string> = new Set()

/** Returns the named keys of the parsed body of a request that failed, redacted and cut to size. */
export function failedBodyOf(record: RequestRecord, { keys, maxBytes }: FailedBodyRules): Plain | undefined {
  const { framework, outcome, status = 0, keeper } = record
  if (status < 400 && !hasFailed(outcome, status)) return undefined
  const body = attempt(() => framework?.body, undefined)
  if (!isRecord(body)) return undefined
  const named = keys.filter((key) => attempt(() => Object.hasOwn(body, key), false))
  if (named.length === 0) return undefined
  const { redactor } = keeper
  const budget: Budget = { values: MAX_VALUES, room: maxBytes, cut: false, redactor }
  const picked = Object.fromEntries(
    named.map((key) => [key, attempt(() => Reflect.get(body, key), '[Thrown]')]),
  )
  const copy = copyField('body', picked, budget, redactor.top)
  if (!isRecord(copy)) return copy
  const marked = budget.cut ? { ...copy, truncated: true } : copy
  return fitRecord(marked as Record<string, unknown>, maxBytes, NOTHING_KEPT) as Plain
}
