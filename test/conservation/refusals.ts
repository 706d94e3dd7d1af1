import type { Plan, Visit } from './plan.js'
import { requestText, Wire } from './wire.js'

/** Requests that Node.js itself answers: no framework has them. */
const REFUSED = [
  { kind: '400, no Host', text: (id: string) => `GET /plain HTTP/1.1\r\nX-Request-Id: ${id}\r\n\r\n` },
  {
    kind: '417, expects too much',
    text: (id: string) => `GET /plain HTTP/1.1\r\nHost: h\r\nX-Request-Id: ${id}\r\nExpect: more\r\n\r\n`,
  },
]

/** Sends what is a request, and is refused before a framework has it. */
export function refused(plan: Plan): Visit {
  const { kind, text } = plan.random.pick(REFUSED)
  const sent = plan.request('HTTP/1.1', kind, 'rejected', 'GET', '/plain')
  return async ({ http1 }) => {
    const wire = await Wire.open(http1)
    wire.write(text(sent.id))
    await wire.answer(sent)
    await wire.leave('close')
  }
}

/** Asks for an upgrade that is none the server knows. */
export function badUpgrade(plan: Plan): Visit {
  const sent = plan.request('WebSocket', 'bad handshake', 'not upgraded', 'GET', '/socket')
  return async ({ http1 }) => {
    const wire = await Wire.open(http1)
    wire.write(requestText(sent, ['Connection: Upgrade', 'Upgrade: other']))
    await wire.answer(sent)
    await wire.closed()
  }
}
