import type { Capture } from '../request/details.js'
import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import { referenceOf } from './template.js'
import { native } from './templates.js'
import { detailValues, VALUES, type Value } from './values.js'

/** One built-in field of an event: where it stands and what it says. */
export interface Field {
  readonly key: string
  readonly read: (record: RequestRecord, level: Level) => unknown
}

/** The native fields of both events of a request, in their order, for what takes objects. */
export interface EventFields {
  readonly started: readonly Field[]
  readonly completed: readonly Field[]
}

/** What an event holds beside its fields: a logger has names of its own for it. */
const ENVELOPE: ReadonlySet<string> = new Set(['time', 'level', 'message', 'truncated'])

/** The native fields, with the captured details in their place. */
export function nativeFields(captures: readonly Capture[]): EventFields {
  const included = detailValues(captures)
  const fieldsOf = (kind: 'started' | 'completed'): Field[] =>
    Object.entries(native).flatMap(([key, value]) => {
      const { source = '' } = referenceOf(value) ?? {}
      if (source === 'included') return Object.entries(included).flatMap((each) => fieldOf(...each, kind))
      return ENVELOPE.has(source) ? [] : fieldOf(key, VALUES[source] ?? {}, kind)
    })
  return { started: fieldsOf('started'), completed: fieldsOf('completed') }
}

function fieldOf(key: string, value: Value, kind: 'started' | 'completed'): Field[] {
  const read = value[kind]
  return read === undefined ? [] : [{ key, read }]
}

/** The names that handlers can't give to fields of their own. */
export function reservedNames(): ReadonlySet<string> {
  const names = Object.keys(native).filter((name) => !name.startsWith('*'))
  // __proto__ would be no field but the prototype of the object that a logger is given.
  return new Set([...names, 'time', 'msg', '__proto__'])
}

/** An event as an object, for what takes objects: an app's own logger, the view in a terminal. */
export function toRecord(
  record: RequestRecord,
  level: Level,
  fields: readonly Field[],
): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const { key, read } of fields) {
    const value = read(record, level)
    if (value !== undefined) object[key] = value
  }
  if (record.truncated) object.truncated = true
  return object
}

/** Puts the fields that handlers added after the built-in ones. */
export function withAdded(
  object: Record<string, unknown>,
  { added }: RequestRecord,
): Record<string, unknown> {
  for (const [key, value] of added?.fields ?? []) object[key] = value
  return object
}
