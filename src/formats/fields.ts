import type { Entry } from '../entry.js'
import type { Capture } from '../rules/capture.js'
import type { Failure } from '../rules/failure.js'

/** What a field of an event may hold; undefined means that the field is absent. */
export type FieldValue = string | number | boolean | Failure | undefined

/** One built-in field of an event: where it stands and what it says. */
export interface Field {
  readonly key: string
  readonly read: (entry: Entry) => FieldValue
}

/** The fields of both events of a request, in the order in which they are written. */
export interface EventFields {
  readonly started: readonly Field[]
  readonly completed: readonly Field[]
  /** The names that handlers can't give to fields of their own, and that are never left out. */
  readonly reserved: ReadonlySet<string>
}

/** Declares the native fields of both events, with the captured details after the route. */
export function nativeFields(captures: readonly Capture[]): EventFields {
  const identity: Field[] = [
    { key: 'request_id', read: (entry) => entry.requestId },
    { key: 'client_request_id', read: (entry) => entry.clientRequestId },
  ]
  const request: Field[] = [
    { key: 'method', read: (entry) => entry.method },
    { key: 'path', read: (entry) => entry.path },
    { key: 'route', read: (entry) => entry.route },
    ...captures.map(({ key }, index) => ({ key, read: (entry: Entry) => entry.captured[index] })),
  ]
  const started: Field[] = [
    { key: 'event', read: () => 'request.started' },
    ...identity,
    { key: 'request_id_rejected', read: (entry) => entry.idRejected },
    ...request,
  ]
  const completed: Field[] = [
    { key: 'event', read: () => 'request.completed' },
    ...identity,
    ...request,
    { key: 'status', read: (entry) => entry.status },
    { key: 'duration_ms', read: (entry) => entry.durationMs },
    { key: 'slow', read: (entry) => entry.slow || undefined },
    { key: 'outcome', read: (entry) => entry.outcome },
    { key: 'response_bytes', read: (entry) => entry.responseBytes },
    { key: 'error', read: (entry) => entry.failure },
  ]
  return { started, completed, reserved: reservedNames([...started, ...completed]) }
}

/** The message of a start event: the story as a person reads it in a raw line. */
export function startMessage(entry: Entry): string {
  return entry.method === undefined ? 'unparsed request' : `${entry.method} ${entry.path}`
}

/** The message of a completion event; an ending other than `completed` is named. */
export function completionMessage(entry: Entry): string {
  const status = entry.status === undefined ? '' : ` ${entry.status}`
  const duration = entry.durationMs === undefined ? '' : ` ${entry.durationMs}ms`
  const story = startMessage(entry) + status + duration
  return entry.outcome === 'completed' ? story : `${story} ${entry.outcome}`
}

function reservedNames(fields: readonly Field[]): ReadonlySet<string> {
  const builtIn = fields.map(({ key }) => key)
  // __proto__ would be no field but the prototype of the object that a logger is given.
  return new Set(['timestamp', 'time', 'level', ...builtIn, 'message', 'msg', 'truncated', '__proto__'])
}

/** An event as an object, for what takes objects: an app's own logger, the view in a terminal. */
export function toRecord(entry: Entry, fields: readonly Field[]): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  for (const { key, read } of fields) {
    const value = read(entry)
    if (value !== undefined) record[key] = value
  }
  if (entry.truncated) record.truncated = true
  return record
}

/** Puts the fields that handlers added after the built-in ones. */
export function withAdded(record: Record<string, unknown>, { added }: Entry): Record<string, unknown> {
  for (const [key, value] of added?.fields ?? []) record[key] = value
  return record
}
