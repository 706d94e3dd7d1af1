import { NOTHING } from '../client.mjs'

/** What is true of a request whose client has left before anything of the answer came. */
export const leftUnanswered = { truth: NOTHING, waybill: { outcome: 'aborted', status: 499 } }

/** What is true of one whose client has left within the answer. */
export const leftHalfway = {
  truth: { status: 200, whole: false },
  waybill: { outcome: 'aborted', status: 200 },
}
