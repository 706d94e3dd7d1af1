import { showValue, warnOnce } from '../errors.js'
import { attempt } from './attempt.js'
import { newBudget, type Plain, propertiesOf, readableKey, renew, toPlain } from './plain.js'

/** More fields than a line can hold. */
const MAX_FIELDS = 1000

/** The fields that handlers added to a request, ready to be written. */
export class AddedFields {
  readonly fields = new Map<string, Plain>()
  /** Whether something was left out for its size. */
  cut = false

  /**
   * Copies fields in; a later value replaces an earlier one of the same name. A reserved name is refused with a
   * process warning.
   */
  add(fields: unknown, reserved: ReadonlySet<string>): void {
    if (!isRecord(fields)) {
      const got = showValue(fields)
      warnOnce(
        'WAYBILL_WARN_FIELD',
        '',
        `request.waybill.add takes an object of fields, got ${got}; nothing was added`,
      )
      return
    }
    const budget = newBudget()
    for (const [name, value] of propertiesOf(fields)) {
      const key = readableKey(name)
      if (reserved.has(key)) {
        warnOnce(
          'WAYBILL_WARN_FIELD',
          key,
          `request.waybill.add can't set ${showValue(key)}: the name is the log's own`,
        )
        continue
      }
      if (this.fields.size >= MAX_FIELDS) {
        budget.cut = true
        break
      }
      renew(budget)
      const plain = toPlain(value, budget)
      if (plain !== undefined) this.fields.set(key, plain)
    }
    if (budget.cut) this.cut = true
  }
}

/** Whether fields are an object, as they must be. */
export function isRecord(fields: unknown): fields is object {
  // A proxy that was revoked throws at the question.
  return typeof fields === 'object' && fields !== null && !attempt(() => Array.isArray(fields), true)
}
