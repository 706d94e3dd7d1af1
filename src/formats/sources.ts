import type { Entry } from '../entry.js'
import type { Capture } from '../rules/capture.js'
import type { Level } from '../vocabulary.js'
import { completionMessage, startMessage } from './messages.js'

/** What a line may say of one thing; undefined means that it says nothing. */
export type Value = string | number | boolean | object | undefined

/** A log line of the app's own, as pino wrote it. */
export type LogRow = Readonly<Record<string, unknown>>

type FromEntry = (entry: Entry, level: Level) => Value
type FromRow = (row: LogRow) => Value

/** Where lines of each kind read a thing that they say; where it is silent, those lines don't say it. */
export interface Source {
  /** What all lines say alike. */
  readonly constant?: string
  readonly started?: FromEntry
  readonly completed?: FromEntry
  readonly row?: FromRow
}

/** The kinds of lines: the two events of a request, and the app's own log lines. */
export type LineKind = Exclude<keyof Source, 'constant'>

/** The log line that is an event too: how many were dropped. */
const LOG_EVENT = 'log.dropped'

/** What of a log line has a source of its own; the rest is custom. */
const ROW_KEYS = [
  'timestamp',
  'level',
  'message',
  'request_id',
  'trace_id',
  'span_id',
  'trace_flags',
  'truncated',
]

/** The parts of an error that have sources of their own. */
const ERROR_PARTS = ['type', 'code', 'message', 'stack'] as const

/** Everything that a line can say, by name. */
export const SOURCES: Readonly<Record<string, Source>> = {
  time: { ...both((entry) => entry.time), row: ({ timestamp }) => Date.parse(String(timestamp)) },
  level: { ...both((_entry, level) => level), row: ({ level }) => level as Value },
  message: { started: startMessage, completed: completionMessage, row: ({ message }) => message as Value },
  event: {
    started: () => 'request.started',
    completed: () => 'request.completed',
    row: ({ event }) => (event === LOG_EVENT ? event : undefined),
  },
  request_id: { ...both((entry) => entry.requestId), row: ({ request_id: id }) => id as Value },
  client_request_id: both((entry) => entry.clientRequestId),
  request_id_rejected: { started: (entry) => entry.idRejected },
  trace_id: { ...both((entry) => entry.trace?.traceId), row: ({ trace_id: id }) => id as Value },
  span_id: { ...both((entry) => entry.trace?.spanId), row: ({ span_id: id }) => id as Value },
  trace_flags: { ...both((entry) => entry.trace?.flags), row: ({ trace_flags: flags }) => flags as Value },
  method: both((entry) => entry.method),
  path: both((entry) => entry.path),
  route: both((entry) => entry.route),
  protocol: both((entry) => entry.protocol),
  status: { completed: (entry) => entry.status },
  duration: { completed: (entry) => entry.durationMs },
  slow: { completed: (entry) => entry.slow || undefined },
  outcome: { completed: (entry) => entry.outcome },
  result: { completed: resultOf },
  response_bytes: { completed: (entry) => entry.responseBytes },
  error: { completed: (entry) => entry.failure, row: errorOf },
  ...Object.fromEntries(ERROR_PARTS.map((part) => [`error.${part}`, errorPart(part)])),
  truncated: { ...both((entry) => entry.truncated || undefined), row: ({ truncated }) => truncated as Value },
}

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
  return { ...both(({ trace }) => nameOf(trace?.traceId)), row: ({ trace_id: id }) => nameOf(id) }
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

/** What is custom in a log line, and what its error has beside its parts. */
export function customOf(row: LogRow): Record<string, unknown> {
  const custom: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(row)) {
    if (ROW_KEYS.includes(key) || (key === 'event' && value === LOG_EVENT)) continue
    if (value === errorOf(row)) {
      const others = Object.entries(value as object).filter(([part]) => !ERROR_PARTS.includes(part as 'type'))
      if (others.length > 0) custom[key] = Object.fromEntries(others)
    } else custom[key] = value
  }
  return custom
}

/** Whether all went well as far as the service goes, in Elastic's words: a 404 is not its failure. */
function resultOf({ outcome, status = 0 }: Entry): string {
  if (outcome === 'unfinished') return 'unknown'
  const isGood = outcome === 'completed' || outcome === 'upgraded' || outcome === 'rejected'
  return isGood && status < 500 ? 'success' : 'failure'
}

function both(read: FromEntry): Source {
  return { started: read, completed: read }
}

function errorPart(part: (typeof ERROR_PARTS)[number]): Source {
  return { completed: ({ failure }) => failure?.[part], row: (row) => errorOf(row)?.[part] as Value }
}

/** The error of a log line: as `log.error({ err })` or `log.error(error)` gives it. */
function errorOf({ error, err }: LogRow): Record<string, unknown> | undefined {
  const found = error ?? err
  return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : undefined
}
