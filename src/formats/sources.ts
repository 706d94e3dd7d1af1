import type { Capture } from '../request/details.js'
import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import { ERROR_PARTS, type ErrorPart, errorOf, errorPartOf, eventOf, type LogRow, saidIn } from './log-row.js'
import { completionMessage, startMessage } from './messages.js'
import { durationText, quotedCompletion, quotedId, quotedPath, quotedStart } from './quoted.js'

/** What a line may say of one thing; undefined means that it says nothing. */
export type Value = string | number | boolean | object | undefined

type FromEntry = (entry: RequestRecord, level: Level) => Value
type FromRow = (row: LogRow) => Value

/** Where lines of each kind read a thing that they say; where it is silent, those lines don't say it. */
export interface Source {
  /** What all lines say alike. */
  readonly constant?: string
  readonly started?: FromEntry
  readonly completed?: FromEntry
  readonly row?: FromRow
  /** What all lines of a kind say alike. */
  readonly same?: Partial<Record<LineKind, string>>
  /** Whether it says few things, over and over. */
  readonly few?: boolean
  /** Whether nearly all events say it, or nearly none. */
  readonly usually?: 'said' | 'unsaid'
  /** The same texts as they stand between quotes, for less. */
  readonly quoted?: Partial<Record<LineKind, (entry: RequestRecord) => string>> | undefined
  /** The same number as text, for less. */
  readonly quick?: (value: number) => string
}

/** The kinds of lines: the two events of a request, and the app's own log lines. */
export type LineKind = 'started' | 'completed' | 'row'

/** The parts of what calls cost that have sources of their own. */
const CALL_PARTS = ['count', 'total_ms', 'failed'] as const

/** Everything that a line can say, by name. */
export const SOURCES: Readonly<Record<string, Source>> = {
  time: { ...both((entry) => entry.time), row: ({ timestamp }) => Date.parse(timestamp) },
  level: { ...both((_entry, level) => level), row: ({ level }) => level, few: true },
  message: {
    started: startMessage,
    completed: completionMessage,
    row: said('message'),
    quoted: { started: quotedStart, completed: quotedCompletion },
  },
  event: { ...eachSame('request.started', 'request.completed'), row: eventOf },
  request_id: { ...both((entry) => entry.requestId), row: said('request_id'), quoted: alike(quotedId) },
  client_request_id: { ...both((entry) => entry.clientRequestId), usually: 'unsaid' },
  request_id_rejected: { started: (entry) => entry.idRejected, usually: 'unsaid' },
  trace_id: { ...both((entry) => entry.trace?.traceId), row: said('trace_id'), usually: 'unsaid' },
  span_id: { ...both((entry) => entry.trace?.spanId), row: said('span_id'), usually: 'unsaid' },
  trace_flags: { ...both((entry) => entry.trace?.flags), row: said('trace_flags'), usually: 'unsaid' },
  method: { ...both((entry) => entry.method), few: true },
  path: { ...both((entry) => entry.path), quoted: alike(quotedPath), usually: 'said' },
  route: { ...both((entry) => entry.route), few: true },
  protocol: { ...both((entry) => entry.protocol), few: true },
  status: { completed: (entry) => entry.status, few: true },
  duration: { completed: (entry) => entry.durationMs, quick: durationText, usually: 'said' },
  slow: { completed: (entry) => entry.slow || undefined, few: true },
  outcome: { completed: (entry) => entry.outcome, few: true },
  result: { completed: resultOf, few: true },
  fault: { completed: faultOf, row: (row) => errorPartOf(row, 'type'), usually: 'unsaid' },
  response_bytes: { completed: (entry) => entry.responseBytes, usually: 'said' },
  calls: { completed: (entry) => entry.callCost, usually: 'unsaid' },
  ...Object.fromEntries(CALL_PARTS.map((part) => [`calls.${part}`, callPart(part)])),
  error: { completed: (entry) => entry.failure, row: errorOf, usually: 'unsaid' },
  ...Object.fromEntries(ERROR_PARTS.map((part) => [`error.${part}`, errorPart(part)])),
  truncated: { ...both((entry) => entry.truncated || undefined), row: said('truncated'), usually: 'unsaid' },
}

/** The sources that every event has something to say of. */
export const ALWAYS_SAID: ReadonlySet<string> = new Set(['time', 'level', 'event', 'request_id', 'message'])

/** The details of a request that are said only when they are asked for by name. */
export const DETAILS: readonly string[] = ['query', 'client_ip', 'user_agent', 'host', 'referer']

/** The sources of the details that were asked for, in their order. */
export function captureSources(captures: readonly Capture[]): Record<string, Source> {
  return Object.fromEntries(captures.map(({ key }, index) => [key, both((entry) => entry.captured[index])]))
}

/** What the service is: the same on every line. */
export interface Service {
  readonly service: string | undefined
  readonly version: string | undefined
  readonly environment: string | undefined
}

/** The sources of what the service is. */
export function serviceSources(service: Service): Record<keyof Service, Source> {
  const always = (text: string | undefined): Source => (text === undefined ? {} : { constant: text })
  return {
    service: always(service.service),
    version: always(service.version),
    environment: always(service.environment),
  }
}

/** The name of a trace as Google Cloud has it: within its project, if that is known. */
export function traceNameSource(project: string | undefined): Source {
  const nameOf = (id: unknown): string | undefined => {
    if (typeof id !== 'string') return undefined
    return project === undefined ? id : `projects/${project}/traces/${id}`
  }
  return {
    ...both(({ trace }) => nameOf(trace?.traceId)),
    row: (row) => nameOf(saidIn(row, 'trace_id')),
    usually: 'unsaid',
  }
}

/** The names of all sources that a format of a user's own can ask for. */
export const SOURCE_NAMES: readonly string[] = [
  ...Object.keys(SOURCES),
  'service',
  'version',
  'environment',
  'trace_name',
  ...DETAILS,
]

/** Whether all went well as far as the service goes, in Elastic's words: a 404 is not its failure. */
function resultOf({ outcome, status = 0 }: RequestRecord): string {
  if (outcome === 'unfinished') return 'unknown'
  const isGood = outcome === 'completed' || outcome === 'upgraded' || outcome === 'rejected'
  return isGood && status < 500 ? 'success' : 'failure'
}

/** Why the service failed a request, in few words (`error.type` of OpenTelemetry); of a 404 nothing. */
function faultOf(entry: RequestRecord): string | undefined {
  const { failure, status = 0, outcome } = entry
  if (resultOf(entry) !== 'failure') return undefined
  return failure?.type ?? (status >= 500 ? String(status) : outcome)
}

function both(read: FromEntry): Source {
  return { started: read, completed: read }
}

/** What all starts say alike, and all completions. */
function eachSame(started: string, completed: string): Source {
  return { started: () => started, completed: () => completed, same: { started, completed } }
}

function alike(quoted: (entry: RequestRecord) => string): Source['quoted'] {
  return { started: quoted, completed: quoted }
}

function said(name: string): FromRow {
  return (row) => saidIn(row, name)
}

function errorPart(part: ErrorPart): Source {
  return {
    completed: ({ failure }) => failure?.[part],
    row: (row) => errorPartOf(row, part),
    usually: 'unsaid',
  }
}

function callPart(part: (typeof CALL_PARTS)[number]): Source {
  return { completed: ({ callCost }) => callCost?.[part], usually: 'unsaid' }
}
