import { nothingSeen, type Plan, type Visit } from './plan.js'
import { requestText, Wire } from './wire.js'

const GARBAGE: readonly string[] = [
  '\x00\x01\x02\r\n\r\n',
  'GARBAGE\r\n\r\n',
  'GET / HTTP/9.9\r\nHost: h\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: h\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
]

/** Sends what is no request, perhaps after one that is, and reads what the server says to that. */
export function garbage(plan: Plan): Visit {
  const text = plan.random.pick(GARBAGE)
  const before =
    plan.random.next() < 0.3
      ? plan.request('HTTP/1.1', 'before garbage', 'answered', 'GET', '/plain')
      : undefined
  const seen = nothingSeen()
  plan.garbage.push(seen)
  return async ({ http1 }) => {
    const wire = await Wire.open(http1)
    if (before !== undefined) {
      wire.write(requestText(before))
      await wire.answer(before)
    }
    wire.write(Buffer.from(text, 'latin1'))
    await wire.answer({ method: '', seen })
    await wire.closed()
  }
}
