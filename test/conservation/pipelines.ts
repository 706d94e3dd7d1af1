import type { Plan, Sent, Visit } from './plan.js'
import { ask, askSeveral, isStaying, questionsTo, textOf } from './questions.js'
import { LEAVINGS, requestText, Wire } from './wire.js'

/** All requests in one write, all answers read. */
export function pipelined(plan: Plan): Visit {
  const requests = askSeveral(plan, 'pipelined', plan.random.int(2, 8))
  const how = plan.random.pick(LEAVINGS)
  return async ({ http1 }) => {
    const wire = await Wire.open(http1)
    wire.write(requests.map(({ text }) => text).join(''))
    for (const { sent } of requests) await wire.answer(sent)
    await wire.leave(how)
  }
}

/** All requests in one write; the client leaves while the one in the middle is handled, the others answered or not. */
export function pipelinedAndLeft(plan: Plan): Visit {
  const { random } = plan
  const staying = questionsTo(plan.handlers.http1).filter(isStaying)
  const first = askSeveral(plan, 'pipelined', random.int(0, 3), staying)
  const path = random.pick(['/waiting', '/late', '/endless'])
  const fate = path === '/endless' ? 'left during' : 'left before'
  const left = plan.request('pipelined', `left at ${path}`, fate, 'GET', path)
  const behind = Array.from({ length: random.int(0, 3) }, () =>
    plan.request('pipelined', 'left behind one that is handled', 'left before', 'GET', '/plain'),
  )
  const how = random.pick(LEAVINGS)
  return async (crowd) => {
    const wire = await Wire.open(crowd.http1)
    const signed = [left, ...behind]
    wire.write(
      [...first.map(({ text }) => text), ...signed.map((sent) => requestText(sent, ['X-Sign: yes']))].join(
        '',
      ),
    )
    for (const { sent } of first) await wire.answer(sent)
    for (const sent of signed) await crowd.sign('arrived', sent)
    await wire.leave(how)
  }
}

/** All requests in one write; the client leaves at any moment. */
export function pipelinedAndRaced(plan: Plan): Visit {
  const { random } = plan
  const count = random.int(2, 6)
  const read = random.int(0, count - 1)
  const sent: Sent[] = []
  while (sent.length < count) {
    const path = random.pick(['/plain', '/streamed'])
    sent.push(plan.request('pipelined', 'left at any moment', 'perhaps unsent', 'GET', path, sent.at(-1)))
  }
  const how = random.pick(LEAVINGS)
  return async ({ http1 }) => {
    const wire = await Wire.open(http1)
    wire.write(sent.map((each) => requestText(each)).join(''))
    for (const each of sent.slice(0, read)) await wire.answer(each)
    await wire.leave(how)
  }
}

/** All requests in one write; the server closes the connection after the first. */
export function pipelinedAndClosedUpon(plan: Plan): Visit {
  const closing = questionsTo(plan.handlers.http1).filter((question) => !isStaying(question))
  const first = plan.random.pick(closing)
  const sent = ask(plan, 'pipelined', first)
  const behind = Array.from({ length: plan.random.int(1, 3) }, () =>
    plan.request('pipelined', 'behind an answer that closes', 'closed upon', 'GET', '/plain', sent),
  )
  return async ({ http1 }) => {
    const wire = await Wire.open(http1)
    wire.write([textOf(first, sent), ...behind.map((each) => requestText(each))].join(''))
    await wire.answer(sent)
    await wire.closed()
  }
}
