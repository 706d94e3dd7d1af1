import { roundMs } from '../clock.js'
import { addMissing } from '../request/bind.js'
import { failureOf } from '../request/error.js'
import { hasBody } from '../request/outcome.js'
import type { Policy } from '../request/policy.js'
import type { RequestRecord } from '../request/record.js'
import { redactFailure } from '../request/redact.js'
import { fastifyTrace } from '../request/trace.js'
import { attempt, reportFault } from '../safely.js'
import type { Level } from '../vocabulary.js'
import { sentBytesOf } from './connection.js'
import { failedBodyOf } from './failed-body.js'

/** Copies what the framework knows of an ending request, whose logger the app may have replaced to bind fields. */
export function noteFramework(record: RequestRecord, status: number | undefined): void {
  const { framework } = record
  if (framework === undefined) return
  record.useLogger(framework.log)
  record.trace = fastifyTrace(framework) ?? record.trace
  record.route ??= framework.matched?.(status, record.thrown !== undefined)
}

/** Returns the route that an open request has reached, in frameworks that look for it only after the start. */
export function routeSoFar({ route, framework }: RequestRecord): string | undefined {
  return route ?? attempt(() => framework?.matched?.(undefined, false), undefined)
}

/**
 * Records the progress of a request: status, duration, response bytes and calls.
 * @param now milliseconds on the monotonic clock
 */
export function noteProgress(record: RequestRecord, status: number | undefined, now: number): void {
  record.status = status
  // A request that can't be parsed has no known start.
  if (record.method !== undefined) record.durationMs = roundMs(now - record.startedAt)
  try {
    record.responseBytes = hasBody(record.method, status) ? sentBytesOf(record) : 0
    record.callCost = record.calls?.costBy(now)
  } catch (error) {
    reportFault(error)
  }
}

/** Notes the error of a request that failed. */
export function noteFailure(record: RequestRecord): void {
  try {
    const failure = failureOf(record)
    record.failure = failure && redactFailure(failure, record.keeper.redactor, record.route)
  } catch (error) {
    reportFault(error)
  }
}

/** Notes what is known only at the end, and only if it is asked for: details, fields, the body of a failed request. */
export function noteAtEnd(record: RequestRecord, level: Level, policy: Policy): void {
  try {
    policy.complete(record, level)
    const { failedBody } = policy
    const body = failedBody && failedBodyOf(record, failedBody)
    if (body !== undefined) addMissing(record, { body })
  } catch (error) {
    reportFault(error)
  }
}
