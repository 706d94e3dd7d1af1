// Clients that leave first. Handlers answer once the client has gone, as those of a real service would.
import { once } from 'node:events'
import { connect } from 'node:http2'
import { Readable } from 'node:stream'
import { Client, NOTHING, request } from '../client.mjs'

/** More bytes than the sockets of both sides hold. */
const LARGE = 64 * 1024 * 1024

const leftUnanswered = { truth: NOTHING, waybill: { outcome: 'aborted', status: 499 } }
const leftHalfway = { truth: { status: 200, whole: false }, waybill: { outcome: 'aborted', status: 200 } }

/** A route that answers too late. */
function answerLate(app, tell) {
  app.get('/', async ({ raw }) => {
    const gone = new Promise((resolve) => (raw.stream ?? raw.socket).on('close', resolve))
    tell('arrived')
    await gone
    return 'too late'
  })
}

/** A route that fails as soon as it learns that its client is gone. */
function failLate(app, tell) {
  app.get('/', async ({ raw }) => {
    const failed = once(raw.socket, 'never') // Rejects with the error of the connection.
    tell('arrived')
    await failed
  })
}

/** A route whose answer begins and does not end. */
function streamForever(app) {
  app.get('/', (_request, reply) => {
    const rows = new Readable({ read: () => {} })
    rows.push('a first row')
    reply.send(rows)
  })
}

/** A client that leaves as soon as it has read the beginning of the answer. */
function leaveAfter(beginning) {
  return async ({ port }) => {
    const client = new Client(port).send(request('/'))
    await client.received(beginning)
    return client.reset()
  }
}

/** A client that sends a request, waits until the server has it, and leaves. */
function leave(text, how) {
  return async ({ port, news }) => {
    const client = new Client(port).send(text)
    await news()
    return client[how]()
  }
}

/** An HTTP/2 client that resets its stream once `ready` has happened. */
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
export const clients = [
  {
    name: 'the client leaves before the answer (reset)',
    serve: answerLate,
    visit: leave(request('/'), 'reset'),
    ...leftUnanswered,
  },
  {
    name: 'the client leaves before the answer (end)',
    serve: answerLate,
    visit: leave(request('/'), 'hangUp'),
    ...leftUnanswered,
  },
  {
    name: 'the client leaves before the answer (reset), and the handler fails of it',
    serve: failLate,
    visit: leave(request('/'), 'reset'),
    ...leftUnanswered,
  },
  {
    name: 'the client leaves during a streamed answer',
    serve: streamForever,
    visit: leaveAfter(/a first row/),
    ...leftHalfway,
  },
  {
    name: 'the client leaves during a large answer',
    serve: (app) => app.get('/', async () => Buffer.alloc(LARGE, 'a first row')),
    visit: leaveAfter(/a first row/),
    ...leftHalfway,
  },
  {
    name: 'the client leaves during its own upload',
    serve: (app, tell) => {
      app.addHook('preParsing', async () => {
        tell('arrived')
      })
      app.post('/', async () => 'ok')
    },
    visit: leave(
      `${request('/', 'POST', { 'Content-Type': 'application/json', 'Content-Length': 1000 })}"the beginning`,
      'reset',
    ),
    ...leftUnanswered,
  },
  {
    name: 'the client of a pipeline of three leaves before the answers',
    serve: (app, tell) => {
      app.get('/1', () => {})
      app.get('/2', async () => 'waits for the first')
      app.get('/3', () => tell('arrived'))
    },
    visit: async ({ port, news }) => {
      const client = new Client(port).send(['/1', '/2', '/3'].map((path) => request(path)).join(''))
      await news()
      return client.reset(['GET', 'GET', 'GET'])
    },
    requests: 3,
    ...leftUnanswered,
  },
  {
    name: 'an HTTP/2 stream is reset before the answer',
    options: { http2: true },
    serve: answerLate,
    visit: ({ port, news }) => resetStream(port, news),
    ...leftUnanswered,
  },
  {
    name: 'an HTTP/2 stream is reset during the answer',
    options: { http2: true },
    serve: streamForever,
    visit: ({ port }) => resetStream(port, (stream) => once(stream, 'data')),
    ...leftHalfway,
  },
  {
    name: 'hijacked, and the client leaves before the answer',
    serve: (app, tell) =>
      app.get('/', (_request, reply) => {
        reply.hijack()
        tell('arrived')
      }),
    visit: leave(request('/'), 'reset'),
    ...leftUnanswered,
  },
]
