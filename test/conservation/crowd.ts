import { garbage } from './garbage.js'
import * as http1 from './http1.js'
import { http2Session, http2SessionLeft } from './http2.js'
import * as pipelines from './pipelines.js'
import { type Crowd, type Handlers, Plan, type Visit } from './plan.js'
import { badUpgrade, refused } from './refusals.js'
import { refusedSocket, webSocket } from './sockets.js'

/** How many clients there are at once. */
const CLIENTS = 32

/** The kinds of visits, and how often each comes beside the others. */
const KINDS: readonly (readonly [number, (plan: Plan) => Visit])[] = [
  [10, http1.inTurn],
  [10, pipelines.pipelined],
  [8, pipelines.pipelinedAndLeft],
  [8, pipelines.pipelinedAndRaced],
  [3, pipelines.pipelinedAndClosedUpon],
  [8, http1.leftBefore],
  [8, http1.leftDuring],
  [8, http1.leftUpload],
  [4, http1.proxied],
  [6, http1.leftProxied],
  [8, http1.raced],
  [1, http1.stalledAndLeft],
  [1, http1.stalledAndWentOn],
  [4, http1.answeredEarly],
  [2, http1.continued],
  [2, http1.thrownAfter],
  [4, http1.brokenOff],
  [6, garbage],
  [2, refused],
  [2, badUpgrade],
  [6, webSocket],
  [2, refusedSocket],
  [20, http2Session],
  [5, http2SessionLeft],
]

/** Decides all that a crowd does until it has sent so many requests. */
export function planCrowd(seed: number, requests: number, handlers: Handlers): Plan {
  const plan = new Plan(seed, handlers)
  const sum = KINDS.reduce((total, [weight]) => total + weight, 0)
  while (plan.sent.length < requests) {
    let left = plan.random.next() * sum
    const chosen = KINDS.find(([weight]) => {
      left -= weight
      return left < 0
    })
    if (chosen !== undefined) plan.visits.push(chosen[1](plan))
  }
  return plan
}

/** Has all visits made, several at once. */
export async function sendCrowd({ visits }: Plan, crowd: Crowd): Promise<void> {
  const queue = visits.values()
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      for (const visit of queue) await visit(crowd)
    }),
  )
}
