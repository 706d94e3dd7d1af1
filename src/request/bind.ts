import { AddedFields, isRecord } from './fields.js'
import type { RequestRecord } from './record.js'

/** The bindings of a logger as text: with what was bound to a request, and without. */
export interface BoundText {
  readonly whole: string
  readonly own: string
}

/** Adds fields to the completion of a request and to its later lines. */
export function bindFields(record: RequestRecord, fields: object): void {
  if (!isRecord(fields)) {
    record.add(fields)
    return
  }
  if (record.closed) {
    record.refuse('bind', fields)
    return
  }
  const { reserved, redactor } = record.keeper
  const latest = new AddedFields()
  latest.add(fields, reserved, redactor)
  record.bound ??= new AddedFields()
  record.bound.add(Object.fromEntries(latest.fields), reserved, redactor)
  if (!record.keeper.bind(record, latest)) record.add(Object.fromEntries(latest.fields))
}

/** Adds fields to the completion of a request, except existing ones. */
export function addMissing(record: RequestRecord, fields: object): void {
  record.added ??= new AddedFields()
  const { reserved, redactor } = record.keeper
  record.added.addMissing(fields, reserved, redactor)
}
