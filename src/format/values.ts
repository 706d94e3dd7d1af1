import type { Capture } from '../request/details.js'
import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import {
  DETAIL_FORMS,
  DURATION_FORMS,
  decimal,
  EVENT_FORMS,
  FLAG_FORMS,
  type Form,
  LEVEL_FORMS,
  METHOD_FORMS,
  PROTOCOL_FORMS,
  SPAN_FORMS,
  TEXT_FORMS,
  TIME_FORMS,
} from './forms.js'
import { numberText } from './json.js'
import { ERROR_PARTS, errorPartOf, type LogRow } from './log-line.js'

/** The kinds of lines: the events of a request, and the app's own log lines. */
export type LineKind = EventKind | 'row'
export type EventKind = 'started' | 'running' | 'completed'

type FromRecord = (record: RequestRecord, level: Level) => unknown
type FromRow = (row: LogRow) => unknown

/** A value that a line can hold: how each kind of line reads it, and its forms. */
export interface Value {
  readonly started?: FromRecord
  readonly running?: FromRecord
  readonly completed?: FromRecord
  readonly row?: FromRow
  /** The form if the template names none. */
  readonly plain?: Form
  readonly forms?: Readonly<Record<string, Form>>
}

/** The message of a request that can't be parsed. */
export const UNPARSED = 'unparsed request'

/** The message of a start event. */
export function startMessage({ method, path }: RequestRecord): string {
  if (path === undefined) return method ?? UNPARSED
  return `${method} ${path}`
}

/** The message of a completion event; it ends with the outcome, unless that is `completed`. */
export function completionMessage(record: RequestRecord): string {
  const { status, durationMs, outcome } = record
  let message = startMessage(record)
  if (status !== undefined) message += ` ${status}`
  if (durationMs !== undefined) message += ` ${numberText(durationMs)}ms`
  return outcome === 'completed' ? message : `${message} ${outcome}`
}

/** The message of a running event. */
export function runningMessage(record: RequestRecord): string {
  return `${startMessage(record)} running for ${record.durationMs}ms`
}

/** The message of each kind of event. */
export const MESSAGES: Readonly<Record<EventKind, (record: RequestRecord) => string>> = {
  started: startMessage,
  running: runningMessage,
  completed: completionMessage,
}

let lastTime = Number.NaN
let lastText = ''

/** Formats a time as RFC 3339, in UTC with milliseconds; the latest text is cached. */
export function isoTime(time: number): string {
  if (time !== lastTime) {
    lastText = new Date(time).toISOString()
    lastTime = time
  }
  return lastText
}

/** Elastic's `event.outcome`, from the service's view: a 404 is a success. */
function resultOf({ outcome, status = 0 }: RequestRecord): string {
  if (outcome === 'unfinished') return 'unknown'
  const isGood = outcome === 'completed' || outcome === 'upgraded' || outcome === 'rejected'
  return isGood && status < 500 ? 'success' : 'failure'
}

/** OpenTelemetry's `error.type`: the kind of the service's failure; absent for a 404. */
function faultOf(record: RequestRecord): string | undefined {
  const { failure, status = 0, outcome } = record
  if (resultOf(record) !== 'failure') return undefined
  return failure?.type ?? (status >= 500 ? String(status) : outcome)
}

/** The ids by which Datadog correlates lines, from those of the W3C trace. */
function datadogIds(traceId: string | undefined, spanId: string | undefined): object | undefined {
  if (traceId === undefined || spanId === undefined) return undefined
  return { trace_id: traceId, span_id: decimal(spanId) }
}

/** A value of every event. */
function every(read: FromRecord): Value {
  return { started: read, running: read, completed: read }
}

/** A value of the events that follow the start. */
function later(read: FromRecord): Value {
  return { running: read, completed: read }
}

/** All values that a line can hold, by name. */
export const VALUES: Readonly<Record<string, Value>> = {
  time: {
    ...every((record) => record.time),
    row: ({ time }) => time,
    plain: isoTime,
    forms: TIME_FORMS,
  },
  level: {
    ...every((_record, level) => level),
    row: ({ level }) => level,
    forms: LEVEL_FORMS,
  },
  message: { ...MESSAGES, row: ({ message }) => message },
  event: {
    started: () => 'request.started',
    running: () => 'request.running',
    completed: () => 'request.completed',
    row: ({ event }) => event,
    forms: EVENT_FORMS,
  },
  request_id: { ...every((record) => record.requestId), row: ({ requestId }) => requestId },
  client_request_id: every((record) => record.clientRequestId),
  request_id_rejected: { started: (record) => record.idRejected },
  trace_id: { ...every(({ trace }) => trace?.traceId), row: ({ trace }) => trace?.trace_id },
  span_id: { ...every(({ trace }) => trace?.spanId), row: ({ trace }) => trace?.span_id, forms: SPAN_FORMS },
  trace_flags: {
    ...every(({ trace }) => trace?.flags),
    row: ({ trace }) => trace?.trace_flags,
    forms: FLAG_FORMS,
  },
  dd: { ...every((record) => record.tracerIds), row: ({ tracerIds }) => tracerIds },
  datadog_ids: {
    ...every(({ tracerIds, trace }) => tracerIds ?? datadogIds(trace?.traceId, trace?.spanId)),
    row: ({ tracerIds, trace }) => tracerIds ?? datadogIds(trace?.trace_id, trace?.span_id),
  },
  method: {
    ...every((record) => record.method),
    forms: METHOD_FORMS,
  },
  path: every((record) => record.path),
  route: every((record) => record.route),
  protocol: {
    ...every((record) => record.protocol),
    forms: PROTOCOL_FORMS,
  },
  head_sent: { running: ({ status }) => status !== undefined, forms: TEXT_FORMS },
  status: { ...later((record) => record.status), forms: TEXT_FORMS },
  duration: {
    ...later((record) => record.durationMs),
    forms: DURATION_FORMS,
  },
  slow: { completed: (record) => record.slow || undefined, forms: TEXT_FORMS },
  sample_rate: { ...every((record) => record.sampleRate), forms: TEXT_FORMS },
  outcome: { completed: (record) => record.outcome },
  result: { completed: resultOf },
  fault: { completed: faultOf, row: (row) => errorPartOf(row, 'type') },
  response_bytes: { ...later((record) => record.responseBytes), forms: TEXT_FORMS },
  calls: {
    running: ({ callCost }) => callCost,
    completed: ({ callCost }) => {
      if (callCost === undefined) return undefined
      const { open: _none, ...cost } = callCost
      return cost
    },
  },
  'calls.count': later(({ callCost }) => callCost?.count),
  'calls.total_ms': later(({ callCost }) => callCost?.total_ms),
  'calls.failed': later(({ callCost }) => callCost?.failed),
  'calls.open': { running: ({ callCost }) => callCost?.open },
  error: { completed: (record) => record.failure, row: ({ error }) => error },
  ...Object.fromEntries(
    ERROR_PARTS.map((part) => [
      `error.${part}`,
      {
        completed: ({ failure }: RequestRecord) => failure?.[part],
        row: (row: LogRow) => errorPartOf(row, part),
      },
    ]),
  ),
  truncated: {
    // A start that was held back shows nothing of what was added since.
    started: ({ pathCut }) => pathCut || undefined,
    ...later((record) => record.truncated || undefined),
    row: ({ truncated }) => truncated || undefined,
    forms: TEXT_FORMS,
  },
}

/** Returns the values of the captured details, in order. */
export function detailValues(captures: readonly Capture[]): Record<string, Value> {
  return Object.fromEntries(
    captures.map(({ key, readAtEnd }, index) => {
      const read: FromRecord = ({ captured }) => captured[index]
      const kinds = readAtEnd === undefined ? every(read) : { completed: read }
      return [key, { ...kinds, forms: DETAIL_FORMS[key] ?? {} }]
    }),
  )
}

/** The identity of the service, on every line. */
export interface Service {
  readonly service: string | undefined
  readonly version: string | undefined
  readonly environment: string | undefined
}

/** Returns the values of the service, and of its traces by the name of their Google Cloud project. */
export function serviceValues(service: Service, project: string | undefined): Record<string, Value> {
  const always = (name: keyof Service): Value => {
    if (service[name] === undefined) return {}
    const read = (): string | undefined => service[name]
    return { ...every(read), row: read }
  }
  const traceName = (id: unknown): unknown =>
    project === undefined || id === undefined ? id : `projects/${project}/traces/${id}`
  return {
    service: always('service'),
    version: always('version'),
    environment: always('environment'),
    trace_name: {
      ...every(({ trace }) => traceName(trace?.traceId)),
      row: ({ trace }) => traceName(trace?.trace_id),
    },
  }
}

/** The forms of all values that a template can name. */
export const FORMS_OF: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    ...VALUES,
    ...serviceValues({ service: undefined, version: undefined, environment: undefined }, undefined),
    ...Object.fromEntries(Object.entries(DETAIL_FORMS).map(([name, forms]) => [name, { forms }])),
  }).map(([name, { forms = {} }]) => [name, Object.keys(forms)]),
)
