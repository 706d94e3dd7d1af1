import { NOTHING } from '../client.mjs'

/** The truth about a request whose client left before the answer began. */
export const leftUnanswered = { truth: NOTHING, waybill: { outcome: 'aborted', status: 499 } }

/** The truth about a request whose client left during the answer. */
export const leftHalfway = {
  truth: { status: 200, whole: false },
  waybill: { outcome: 'aborted', status: 200 },
}
