import type { Capture } from '../request/details.js'
import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import { native } from './native.js'
import { referenceOf } from './template.js'
import { detailValues, type EventKind, VALUES, type Value } from './values.js'

/** One built-in field of an event. */
export interface Field {
  readonly key: string
  readonly read: (record: RequestRecord, level: Level) => unknown
}

/** The native fields of the events of a request, in order, for loggers and views that take objects. */
export type EventFields = Readonly<Record<EventKind, readonly Field[]>>

/** The values for which a logger has its own names. */
const ENVELOPE: ReadonlySet<string> = new Set(['time', 'level', 'message', 'truncated'])

/** Returns the native fields, with the captured details among them. */
export function nativeFields(captures: readonly Capture[]): EventFields {
  const included = detailValues(captures)
  const fieldsOf = (kind: EventKind): Field[] =>
    Object.entries(native).flatMap(([key, value]) => {
      const { source = '' } = referenceOf(value) ?? {}
      if (source === 'included') return Object.entries(included).flatMap((each) => fieldOf(...each, kind))
      return ENVELOPE.has(source) ? [] : fieldOf(key, VALUES[source] ?? {}, kind)
    })
  return { started: fieldsOf('started'), running: fieldsOf('running'), completed: fieldsOf('completed') }
}

function fieldOf(key: string, value: Value, kind: EventKind): Field[] {
  const read = value[kind]
  return read === undefined ? [] : [{ key, read }]
}

/** Returns the field names that handlers can't use. */
export function reservedNames(): ReadonlySet<string> {
  const names = Object.keys(native).filter((name) => !name.startsWith('*'))
  // __proto__ would set the prototype of the object that a logger gets.
  return new Set([...names, 'time', 'msg', '__proto__'])
}

/** Returns an event as an object, for an app's own logger and the terminal view. */
export function toRecord(
  record: RequestRecord,
  level: Level,
  fields: readonly Field[],
  kind: EventKind,
): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const { key, read } of fields) {
    const value = read(record, level)
    if (value !== undefined) object[key] = value
  }
  if (VALUES.truncated?.[kind]?.(record, level) === true) object.truncated = true
  return object
}

/**
 * Appends the fields that handlers added, under names that are free.
 * @param nameOf changes each name before it is written
 */
export function withAdded(
  object: Record<string, unknown>,
  { added }: Pick<RequestRecord, 'added'>,
  nameOf: (name: string) => string = (name) => name,
): Record<string, unknown> {
  if (added === undefined) return object
  const names = new FreeNames((name) => Object.hasOwn(object, name))
  for (const [name, value] of added.fields) object[names.free(nameOf(name))] = value
  return object
}

/** Finds free names within one object: a taken name gets `_`, then `_2`, `_3` and so on. */
export class FreeNames {
  readonly #isTaken: (name: string) => boolean
  readonly #used = new Set<string>()
  /** How often each name was taken; created only when one is. */
  #counts: Map<string, number> | undefined

  constructor(isTaken: (name: string) => boolean) {
    this.#isTaken = isTaken
  }

  free(name: string): string {
    let free = name
    while (this.#used.has(free) || this.#isTaken(free)) {
      this.#counts ??= new Map()
      const count = (this.#counts.get(name) ?? 0) + 1
      this.#counts.set(name, count)
      free = count === 1 ? `${name}_` : `${name}_${count}`
    }
    this.#used.add(free)
    return free
  }
}
