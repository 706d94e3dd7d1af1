import { roundMs } from '../clock.js'
import { hasBody } from '../request/outcome.js'
import type { RequestRecord } from '../request/record.js'
import { fastifyTrace } from '../request/trace.js'
import { reportFault } from '../safely.js'
import { sentBytesOf } from './connection.js'

/** Copies what the framework knows of an ending request, whose logger the app may have replaced to bind fields. */
export function noteFramework(record: RequestRecord, status: number | undefined): void {
  const { framework } = record
  if (framework === undefined) return
  record.useLogger(framework.log)
  record.trace = fastifyTrace(framework) ?? record.trace
  record.route ??= framework.matched?.(status, record.thrown !== undefined)
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
