import type { Level, Outcome } from '../vocabulary.js'

/** The level of a completion: 5xx `error`, other 4xx `warn`, the rest and every aborted request `info`. */
export function completionLevelOf(status: number | undefined, outcome: Outcome, slow: boolean): Level {
  if (outcome !== 'aborted' && status !== undefined) {
    if (status >= 500) return 'error'
    if (status >= 400) return 'warn'
  }
  return slow ? 'warn' : 'info'
}
