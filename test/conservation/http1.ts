import type { Crowd, Plan, Sent, Visit } from './plan.js'
import { askSeveral } from './questions.js'
import { LEAVINGS, type Leaving, requestText, Wire } from './wire.js'

const SIGN = 'X-Sign: yes'
const UPLOAD_BYTES = 100_000
const UPLOAD = ['Content-Type: application/octet-stream', `Content-Length: ${UPLOAD_BYTES}`, SIGN]

/** One request after the other on one connection. */
export function inTurn(plan: Plan): Visit {
  const requests = askSeveral(plan, 'HTTP/1.1', plan.random.int(1, 6))
  const how = plan.random.pick(LEAVINGS)
  return async ({ http1 }) => {
    const wire = await Wire.open(http1)
    for (const { text, sent } of requests) {
      wire.write(text)
      await wire.answer(sent)
    }
    await wire.leave(how)
  }
}

/** Leaves while the handler waits for just that. */
export function leftBefore(plan: Plan): Visit {
  const path = plan.random.pick(['/waiting', '/late'])
  return leaving(plan, 'left before', path, async (wire, sent, crowd) => {
    wire.write(requestText(sent, [SIGN]))
    await crowd.sign('arrived', sent)
  })
}

/** Leaves during an answer that does not end. */
export function leftDuring(plan: Plan): Visit {
  return leaving(plan, 'left during', '/endless', async (wire, sent) => {
    wire.write(requestText(sent))
    await wire.head(sent)
  })
}

/** Reads nothing of an answer that does not end, and leaves. */
export function stalledAndLeft(plan: Plan): Visit {
  return leaving(plan, 'left during', '/flood/endless', async (wire, sent, crowd) => {
    wire.pause()
    wire.write(requestText(sent))
    await crowd.sign('stalled', sent)
  })
}

const FATE_OF_UPLOAD = { 'half-close': 'half-closed', close: 'closed within', reset: 'left before' } as const

/** Leaves in the middle of its own upload, which the server waits for. */
export function leftUpload(plan: Plan): Visit {
  const length = plan.random.int(0, 50_000)
  const how = plan.random.pick(LEAVINGS)
  const fate = FATE_OF_UPLOAD[how]
  const sent = plan.request('HTTP/1.1', `left during its upload, ${how}`, fate, 'POST', '/body')
  return async (crowd) => {
    const wire = await Wire.open(crowd.http1)
    wire.write(requestText(sent, UPLOAD, 'x'.repeat(length)))
    await crowd.sign('arrived', sent)
    await wire.leave(how, sent)
  }
}

const PROXIED_END = {
  '/proxied/read': 'read to its end',
  '/proxied/refused': 'refused before its end',
  '/proxied/broken': 'broken off before its end',
} as const
const PROXIED = Object.keys(PROXIED_END) as (keyof typeof PROXIED_END)[]

/** Sends an upload that is passed on to another service, all of it if that reads it to its end. */
export function proxied(plan: Plan): Visit {
  const path = plan.random.pick(PROXIED)
  const first = plan.random.int(1, 50_000)
  const sent = plan.request('HTTP/1.1', `proxied upload, ${PROXIED_END[path]}`, 'answered', 'POST', path)
  return async (crowd) => {
    const wire = await Wire.open(crowd.http1)
    wire.write(requestText(sent, UPLOAD, 'x'.repeat(first)))
    await crowd.sign('reached', sent)
    if (path === '/proxied/read') wire.write('x'.repeat(UPLOAD_BYTES - first))
    await wire.answer(sent)
    await wire.leave('close')
  }
}

/** Leaves in the middle of an upload that is passed on to another service. */
export function leftProxied(plan: Plan): Visit {
  const first = plan.random.int(1, 50_000)
  const when = plan.random.pick(['arrived', 'reached'] as const)
  const how = plan.random.pick(LEAVINGS)
  const kind = `left during its proxied upload, ${how}`
  const sent = plan.request('HTTP/1.1', kind, FATE_OF_UPLOAD[how], 'POST', '/proxied/read')
  return async (crowd) => {
    const wire = await Wire.open(crowd.http1)
    wire.write(requestText(sent, UPLOAD, 'x'.repeat(first)))
    await crowd.sign(when, sent)
    await wire.leave(how, sent)
  }
}

function leaving(
  plan: Plan,
  fate: 'left before' | 'left during',
  path: string,
  before: (wire: Wire, sent: Sent, crowd: Crowd) => Promise<void>,
): Visit {
  const how: Leaving = plan.random.pick(LEAVINGS)
  const sent = plan.request('HTTP/1.1', `${fate} the answer to ${path}, ${how}`, fate, 'GET', path)
  return async (crowd) => {
    const wire = await Wire.open(crowd.http1)
    await before(wire, sent, crowd)
    await wire.leave(how, fate === 'left before' ? sent : undefined)
  }
}

/** Leaves at any moment after the server has begun. */
export function raced(plan: Plan): Visit {
  const how = plan.random.pick(LEAVINGS)
  const reads = plan.random.pick(['nothing', 'the head'])
  const sent = plan.request('HTTP/1.1', `left at any moment, ${how}`, 'raced', 'GET', '/streamed')
  return async (crowd) => {
    const wire = await Wire.open(crowd.http1)
    wire.write(requestText(sent, [SIGN]))
    if (reads === 'nothing') await crowd.sign('arrived', sent)
    else await wire.head(sent)
    await wire.leave(how)
  }
}

/** Reads nothing until the server can send no more, then all. */
export function stalledAndWentOn(plan: Plan): Visit {
  const sent = plan.request('HTTP/1.1', 'stalled and went on', 'answered', 'GET', '/flood')
  return async (crowd) => {
    const wire = await Wire.open(crowd.http1)
    wire.pause()
    wire.write(requestText(sent))
    await crowd.sign('stalled', sent)
    wire.resume()
    await wire.answer(sent)
    await wire.leave('close')
  }
}

/** Asks first whether to go on. */
export function continued(plan: Plan): Visit {
  const sent = plan.request('HTTP/1.1', '100, then 200', 'answered', 'POST', '/body')
  return async ({ http1 }) => {
    const wire = await Wire.open(http1)
    wire.write(requestText(sent, ['Content-Type: text/plain', 'Content-Length: 5', 'Expect: 100-continue']))
    await wire.continue()
    wire.write('hello')
    await wire.answer(sent)
    await wire.leave('close')
  }
}

/** Is answered before it has sent all, and never sends the rest. */
export function answeredEarly(plan: Plan): Visit {
  const sent = plan.request('HTTP/1.1', 'answered before its upload ends', 'answered', 'POST', '/refused')
  const how = plan.random.pick(LEAVINGS)
  return async ({ http1 }) => {
    const wire = await Wire.open(http1)
    wire.write(requestText(sent, UPLOAD, 'x'.repeat(1000)))
    await wire.answer(sent)
    await wire.leave(how)
  }
}

/** Is answered by a handler that throws then. */
export function thrownAfter(plan: Plan): Visit {
  const sent = plan.request('HTTP/1.1', 'answered, then thrown', 'answered', 'GET', '/thrown-after')
  return async ({ http1 }) => {
    const wire = await Wire.open(http1)
    wire.write(requestText(sent))
    await wire.answer(sent)
    await wire.leave('close')
  }
}

/** The server breaks its answer off. */
export function brokenOff(plan: Plan): Visit {
  const path = plan.random.pick(['/broken', '/destroyed', '/unanswered'])
  const fate = path === '/unanswered' ? 'unanswered' : 'broken off'
  const sent = plan.request('HTTP/1.1', path, fate, 'GET', path)
  return async ({ http1 }) => {
    const wire = await Wire.open(http1)
    wire.write(requestText(sent))
    await wire.answer(sent)
    await wire.closed()
  }
}
