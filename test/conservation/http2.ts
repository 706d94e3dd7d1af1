import { once } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { Crowd, Plan, Sent, Visit } from './plan.js'
import { ask, questionsTo } from './questions.js'

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants

const UPLOAD_BYTES = 100_000
/** A body of which the client sends the beginning only. */
const UPLOAD = { 'content-type': 'application/octet-stream', 'content-length': UPLOAD_BYTES }

/** Methods without a body. A stream that answers HEAD has ended for Node.js before it has begun. */
const METHODS = ['GET', 'HEAD'] as const

/** What is done with one stream, until its client is through with it. */
type Exchange = (session: ClientHttp2Session, crowd: Crowd) => Promise<void>

/** One session with several streams at once. */
export function http2Session(plan: Plan): Visit {
  const exchanges = Array.from({ length: plan.random.int(1, 6) }, () => exchange(plan))
  return async (crowd) => {
    const session = connect(`http://127.0.0.1:${crowd.http2}`)
    await Promise.all(exchanges.map((each) => each(session, crowd)))
    session.close()
    await once(session, 'close')
  }
}

/** A session that is broken off while the server handles its requests. */
export function http2SessionLeft(plan: Plan): Visit {
  const open = Array.from({ length: plan.random.int(1, 4) }, () => {
    const path = plan.random.pick(['/waiting', '/late', '/endless'])
    if (path === '/endless')
      return plan.request('HTTP/2', 'session left during the answer', 'left during', 'GET', path)
    const method = plan.random.pick(METHODS)
    return plan.request('HTTP/2', `session left before the answer to ${method}`, 'left before', method, path)
  })
  return async (crowd) => {
    const session = connect(`http://127.0.0.1:${crowd.http2}`)
    for (const sent of open) {
      send(session, sent)
      await crowd.sign('arrived', sent)
    }
    session.destroy()
    await once(session, 'close')
  }
}

function exchange(plan: Plan): Exchange {
  const { random } = plan
  if (random.next() < 0.5) return answered(plan)
  return random.pick([
    answeredEarly,
    resetBefore,
    resetDuring,
    resetUpload,
    proxied,
    resetProxied,
    raced,
    racedHead,
    resetAfter,
    brokenOff,
    brokenOffHead,
  ])(plan)
}

function answered(plan: Plan): Exchange {
  const question = plan.random.pick(questionsTo(plan.handlers.http2))
  const sent = ask(plan, 'HTTP/2', question)
  return async (session) => {
    await closed(send(session, sent, { 'content-type': question.type }, question.body))
  }
}

function answeredEarly(plan: Plan): Exchange {
  const sent = plan.request('HTTP/2', 'answered before its upload ends', 'answered', 'POST', '/refused')
  const code = plan.random.pick([NGHTTP2_CANCEL, NGHTTP2_NO_ERROR])
  return async (session) => {
    const stream = send(session, sent, UPLOAD)
    stream.write('x'.repeat(1000))
    await once(stream, 'end')
    stream.close(code)
    await closed(stream)
  }
}

function resetBefore(plan: Plan): Exchange {
  const path = plan.random.pick(['/waiting', '/late'])
  const method = plan.random.pick(METHODS)
  const sent = plan.request('HTTP/2', `${method} reset before the answer`, 'left before', method, path)
  return async (session, crowd) => {
    const stream = send(session, sent)
    await crowd.sign('arrived', sent)
    await cancel(stream)
  }
}

function resetDuring(plan: Plan): Exchange {
  const sent = plan.request('HTTP/2', 'reset during the answer', 'left during', 'GET', '/endless')
  return async (session) => {
    const stream = send(session, sent)
    await once(stream, 'data')
    await cancel(stream)
  }
}

function resetUpload(plan: Plan): Exchange {
  const length = plan.random.int(1, 50_000)
  const sent = plan.request('HTTP/2', 'reset during its upload', 'left before', 'POST', '/body')
  return async (session, crowd) => {
    const stream = send(session, sent, UPLOAD)
    stream.write('x'.repeat(length))
    await crowd.sign('arrived', sent)
    await cancel(stream)
  }
}

function proxied(plan: Plan): Exchange {
  const sent = plan.request('HTTP/2', 'proxied upload', 'answered', 'POST', '/proxied/read')
  const first = plan.random.int(1, 50_000)
  return async (session, crowd) => {
    const stream = send(session, sent, UPLOAD)
    stream.write('x'.repeat(first))
    await crowd.sign('reached', sent)
    stream.end('x'.repeat(UPLOAD_BYTES - first))
    await closed(stream)
  }
}

function resetProxied(plan: Plan): Exchange {
  const sent = plan.request(
    'HTTP/2',
    'reset during its proxied upload',
    'left before',
    'POST',
    '/proxied/read',
  )
  const first = plan.random.int(1, 50_000)
  const when = plan.random.pick(['arrived', 'reached'] as const)
  return async (session, crowd) => {
    const stream = send(session, sent, UPLOAD)
    stream.write('x'.repeat(first))
    await crowd.sign(when, sent)
    await cancel(stream)
  }
}

function raced(plan: Plan): Exchange {
  const until = plan.random.pick(['arrival', 'response', 'data'])
  const sent = plan.request('HTTP/2', `reset at any moment, after ${until}`, 'raced', 'GET', '/streamed')
  return async (session, crowd) => {
    const stream = send(session, sent)
    if (until === 'arrival') await crowd.sign('arrived', sent)
    else await once(stream, until)
    await cancel(stream)
  }
}

function racedHead(plan: Plan): Exchange {
  const path = plan.random.pick(['/plain', '/streamed'])
  const sent = plan.request('HTTP/2', 'HEAD reset at any moment', 'raced', 'HEAD', path)
  return async (session, crowd) => {
    const stream = send(session, sent)
    await crowd.sign('arrived', sent)
    await cancel(stream)
  }
}

/** The answer to HEAD is whole with its head, even if the client has not ended its side. */
function resetAfter(plan: Plan): Exchange {
  const path = plan.random.pick(['/plain', '/streamed', '/failing'])
  const until = plan.random.pick(['response', 'end'])
  const ends = plan.random.pick([true, false])
  const kind = `HEAD ${ends ? 'ended' : 'not ended'}, reset after ${until}`
  const sent = plan.request('HTTP/2', kind, 'answered', 'HEAD', path)
  return async (session) => {
    const stream = send(session, sent, ends ? {} : { 'content-type': 'text/plain' })
    await once(stream, until)
    await cancel(stream)
  }
}

/** What is broken off is the body of the answer, which nobody gets; Node.js 22 loses the head with it. */
function brokenOffHead(plan: Plan): Exchange {
  const sent = plan.request(
    'HTTP/2',
    'HEAD destroyed after the head',
    'cut behind its head',
    'HEAD',
    '/destroyed',
  )
  return async (session) => closed(send(session, sent))
}

function brokenOff(plan: Plan): Exchange {
  const path = plan.random.pick(['/broken', '/destroyed', '/unanswered'])
  const method = path === '/unanswered' ? plan.random.pick(METHODS) : 'GET'
  const fate = path === '/unanswered' ? 'unanswered' : 'broken off'
  const sent = plan.request('HTTP/2', `${method} ${path}`, fate, method, path)
  return async (session) => closed(send(session, sent))
}

/** Sends a request, with a body that is given or, if headers announce one, still to come. */
function send(
  session: ClientHttp2Session,
  { id, method, path, seen }: Sent,
  more: OutgoingHttpHeaders = {},
  body?: string,
): ClientHttp2Stream {
  const headers = { ':method': method, ':path': path, 'x-request-id': id, 'x-sign': 'yes', ...more }
  const stream = session.request(headers, { endStream: more['content-type'] === undefined })
  stream.on('error', () => {})
  stream.on('response', ({ ':status': status }) => {
    seen.status = status
  })
  stream.on('data', (bytes: Buffer) => {
    seen.bytes += bytes.length
  })
  stream.on('end', () => {
    seen.whole = seen.status !== undefined && !stream.aborted && (stream.rstCode ?? 0) === 0
  })
  if (body !== undefined) stream.end(body)
  return stream
}

async function cancel(stream: ClientHttp2Stream): Promise<void> {
  stream.close(NGHTTP2_CANCEL)
  await closed(stream)
}

async function closed(stream: ClientHttp2Stream): Promise<void> {
  if (!stream.destroyed) await new Promise((resolve) => stream.once('close', resolve))
}
