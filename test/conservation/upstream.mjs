// The service to which both services of the conservation test pass uploads on.
import { once } from 'node:events'
import http from 'node:http'

/** By path: what becomes of an upload of which the first bytes have come. */
const endings = {
  '/read': () => {},
  '/refused': (_request, response) => response.writeHead(413, { Connection: 'close' }).end('too large'),
  '/broken': (request) => request.socket.destroy(),
}

function receive(request, response) {
  let length = 0
  request.once('data', () => {
    process.send({ sign: 'reached', id: request.headers['x-request-id'] })
    endings[request.url](request, response)
  })
  request.on('data', (bytes) => {
    length += bytes.length
  })
  request.on('end', () => response.end(`${length} bytes`))
  request.on('error', () => {})
}

/** Starts it on a free port. */
export async function startUpstream() {
  const server = http.createServer(receive).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
