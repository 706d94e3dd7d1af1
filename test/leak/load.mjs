// Clients that stay and clients that leave: sends as many requests as it is told to, then says so.
import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import autocannon from 'autocannon'

const CLIENTS = 16
const STREAMS = 10

/** Asks again and again over connections that stay open. */
function stay(port, amount) {
  const requests = [
    { path: '/plain' },
    { path: '/body', method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } },
    { path: '/plain' },
    { path: '/missing' },
    { path: '/plain' },
    { path: '/failing' },
  ]
  return autocannon({ url: `http://127.0.0.1:${port}`, connections: CLIENTS, amount, requests })
}

/** Leaves when the first bytes come: of an answer that does not end, or of one that others wait behind in vain. */
async function leave(port, paths) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`).join(''))
  await once(socket, 'data')
  socket.resetAndDestroy()
}

async function leaveOften(port, amount) {
  let left = amount
  const client = async () => {
    while (left > 0) {
      const paths = left % 2 === 0 ? ['/plain', '/waiting', '/plain'] : ['/endless']
      left -= paths.length
      await leave(port, paths)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
}

/** Streams of one session after the other: half of them answered, half of them reset. */
async function reset(port, amount) {
  for (let left = amount; left > 0; left -= STREAMS) {
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    const streams = Array.from({ length: STREAMS }, async (_, index) => {
      const stream = session.request({ ':path': index % 2 === 0 ? '/plain' : '/endless' })
      stream.on('error', () => {})
      const closed = once(stream, 'close')
      await once(stream, 'data')
      stream.resume()
      if (index % 2 === 1) stream.close(constants.NGHTTP2_CANCEL)
      await closed
    })
    await Promise.all(streams)
    session.close()
    await once(session, 'close')
  }
}

process.on('message', async ({ ports: [http1, http2], requests }) => {
  const part = Math.ceil(requests / 10)
  await Promise.all([stay(http1, requests - 2 * part), leaveOften(http1, part), reset(http2, part)])
  process.send('sent')
})
