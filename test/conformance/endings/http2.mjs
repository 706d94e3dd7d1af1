// HTTP/2 streams that their client resets. Express does not support HTTP/2.
import { once } from 'node:events'
import { connect } from 'node:http2'
import { NOTHING } from '../client.mjs'
import { leftHalfway, leftUnanswered } from './left.mjs'
import { answerLate, answerRows, endlessRows } from './routes.mjs'

/** A client that resets its stream when `ready` resolves. */
async function resetStream(port, ready) {
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':path': '/' })
  const seen = { ...NOTHING }
  stream.on('response', (headers) => {
    seen.status = headers[':status']
  })
  await ready(stream)
  stream.close(8) // CANCEL (RFC 9113, section 7)
  await once(stream, 'close')
  session.close()
  await once(session, 'close')
  return [seen]
}

/** @type {import('../endings.mjs').Ending[]} */
export const http2 = [
  {
    name: 'an HTTP/2 stream is reset before the answer',
    options: { http2: true },
    fastify: answerLate,
    visit: ({ port, news }) => resetStream(port, news),
    ...leftUnanswered,
  },
  {
    name: 'an HTTP/2 stream is reset during the answer',
    options: { http2: true },
    fastify: answerRows(endlessRows).fastify,
    visit: ({ port }) => resetStream(port, (stream) => once(stream, 'data')),
    ...leftHalfway,
  },
]
