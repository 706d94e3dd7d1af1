// What both services of the conservation test answer with, and what they tell the test of it.
import { Readable } from 'node:stream'

export const turn = () => new Promise(setImmediate)

async function* pieces(count, size) {
  for (let n = 0; n < count; n++) {
    yield 'x'.repeat(size)
    await turn()
  }
}

async function* pieceAndThen(end) {
  yield 'x'.repeat(100)
  await turn()
  await end()
}

/** A body in several pieces. */
export const streamed = () => Readable.from(pieces(5, 2000))
/** A body that never ends. */
export const endless = () => Readable.from(pieceAndThen(() => new Promise(() => {})))
/** A body that fails. */
export const broken = () => Readable.from(pieceAndThen(() => Promise.reject(new Error('broken'))))

/** Says that a request has arrived, if it asks for that. */
/** The options of waybill, which a test may set. */
export const options = JSON.parse(process.env.WAYBILL_OPTIONS ?? '{}')

export function sign({ id, headers, log }) {
  log?.debug('held')
  if (headers['x-sign']) process.send({ sign: 'arrived', id })
}

/** Writes half an answer and breaks it off. */
export function halfway(response) {
  response.writeHead(200)
  response.write('half', () => response.destroy())
}

/** Sets another status when the head has gone. */
export function statusDuring(response) {
  response.write('begun')
  response.statusCode = 500
  response.end()
}

export const FLOOD_BYTES = 8 * 1024 * 1024

/** Writes as fast as the client reads, and says so when it does not; ends after so many bytes. */
export function flood(id, response, bytes) {
  const chunk = Buffer.alloc(65_536)
  let left = bytes
  const more = () => {
    let taken = !response.destroyed
    for (; taken && left > 0; left -= chunk.length) taken = response.write(chunk)
    if (left <= 0) response.end()
    else process.send({ sign: 'stalled', id })
  }
  response.on('drain', more)
  response.writeHead(200)
  more()
}

function connections(server) {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )
}

/** Nobody is left to tell it to close. */
function abandoned() {
  process.exit(1)
}

/**
 * Says on which ports the services listen; closes them when it is told to, once all connections are gone.
 * @param {{ server: import('node:net').Server, close: () => Promise<unknown> }[]} services Over HTTP/1.1, over HTTP/2.
 * @param {{ close: () => void }} upstream To which they pass uploads on.
 */
export function serveCrowd(services, upstream) {
  process.once('message', async () => {
    for (const { server, close } of services) {
      while ((await connections(server)) > 0) await turn()
      await close()
    }
    upstream.close()
    process.off('disconnect', abandoned)
    process.disconnect()
  })
  process.once('disconnect', abandoned)
  process.send({ ports: services.map(({ server }) => server.address().port) })
}
