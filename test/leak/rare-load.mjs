// Clients that ask for what is asked rarely, each with a header that makes its request heavy, and the service to which
// uploads are passed on. Says where that service is, then does as much of everything as it is told to, and says so.
import { once } from 'node:events'
import http from 'node:http'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import { WebSocket } from 'ws'

const CLIENTS = 8
const STREAMS = 10
const UPLOAD_BYTES = 20_000

/** By the name of an upload: called when some of it has come. */
const waiting = new Map()

const upstream = http.createServer((request, response) => {
  const name = request.headers['x-upload']
  request.once('data', () => {
    waiting.get(name)?.()
    waiting.delete(name)
  })
  request.on('data', () => {})
  request.on('end', () => response.end('ok'))
  request.on('error', () => {})
})

/** Has several clients do something, each time with another number. */
async function repeat(amount, act) {
  let left = amount
  const client = async () => {
    while (left > 0) await act(left--)
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
}

/** Reads an answer to its end. */
async function answerOn(socket) {
  let answer = ''
  while (!answer.endsWith('\r\n\r\nok')) answer += await once(socket, 'data')
}

/** Uploads half of a body, then the rest or nothing. */
async function upload(port, n, ballast) {
  const name = `${port}-${n}`
  const reached = new Promise((resolve) => waiting.set(name, resolve))
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  const head = [
    'POST /proxied HTTP/1.1',
    'Host: h',
    'Content-Type: application/octet-stream',
    `X-Upload: ${name}`,
    `X-Ballast: ${ballast}`,
    `Content-Length: ${UPLOAD_BYTES}`,
  ]
  const half = 'x'.repeat(UPLOAD_BYTES / 2)
  socket.write(`${head.join('\r\n')}\r\n\r\n${half}`)
  await reached
  const closed = once(socket, 'close')
  if (n % 2 === 0) socket.resetAndDestroy()
  else {
    socket.write(half)
    await answerOn(socket)
    socket.end()
  }
  await closed
}

async function openSocket(port, n, ballast) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`, { headers: { 'x-ballast': ballast } })
  await once(socket, 'open')
  const echoed = once(socket, 'message')
  socket.send('hi')
  await echoed
  const closed = once(socket, 'close')
  if (n % 2 === 0) socket.terminate()
  else socket.close()
  await closed
}

/** Streams of one session after the other, reset before their answer or after it. */
async function resetHeads(port, amount, ballast) {
  for (let left = amount; left > 0; left -= STREAMS) {
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    const streams = Array.from({ length: STREAMS }, async (_, index) => {
      const path = index % 2 === 0 ? '/plain' : '/waiting'
      const stream = session.request({ ':method': 'HEAD', ':path': path, 'x-ballast': ballast })
      stream.on('error', () => {}).resume()
      const closed = once(stream, 'close')
      await once(stream, path === '/plain' ? 'response' : 'ready')
      stream.close(constants.NGHTTP2_CANCEL)
      await closed
    })
    await Promise.all(streams)
    session.close()
    await once(session, 'close')
  }
}

process.on('message', async ({ ports: [fastify, http2, express], each, ballastBytes }) => {
  const ballast = 'x'.repeat(ballastBytes)
  await Promise.all([
    resetHeads(http2, each, ballast),
    repeat(each, (n) => openSocket(express, n, ballast)),
    repeat(each, (n) => upload(fastify, n, ballast)),
    repeat(each, (n) => upload(express, n, ballast)),
  ])
  process.send('sent')
})

upstream.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${upstream.address().port}` }))
