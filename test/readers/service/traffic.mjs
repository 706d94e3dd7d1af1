import { once } from 'node:events'
import net from 'node:net'

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0'

/** Targets that are meant to break a line, forge one, or colour a terminal. */
const HOSTILE_TARGETS = [
  '/a%0d%0a{"level":"fatal","status":500}',
  '/a%0A%3C0%3Eforged',
  '/"quoted"\'and\'`ticked`',
  '/back\\slash\\',
  '/key=1;level=error',
  '/%F0%9F%9A%9A/%E2%80%AE/%E2%80%A8',
  '/%00%01%1b[31m%7f%c2%85',
  '/\u00f0\u009f\u009a\u009a',
  '/<script>alert(1)</script>',
  '/100%25',
  '/%zz',
  '//evil.example/x',
  'http://evil.example/absolute',
  '/a?token=secret&page=2&next=%0A"',
  `/long/${'x'.repeat(8000)}`,
  `/long/${'%F0%9F%9A%9A'.repeat(600)}`,
]

/** Each request as it goes over the wire, without its last empty line. */
const REQUESTS = [
  get('/users/42'),
  get('/users/7?page=3&token=secret', 'X-Request-Id: checkout-7f3a', `traceparent: ${TRACEPARENT}`),
  get('/users/1', 'Referer: http://shop.example/cart?token=secret', 'X-Tenant: north'),
  get(
    '/users/2',
    'X-Request-Id: "forged"',
    'Referer: "><script>',
    'User-Agent: \u009b31m "quoted" \\ \ttab \u00e9',
  ),
  'HEAD /users/3 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n',
  get('/hostile'),
  get('/empty'),
  get('/moved'),
  get('/large'),
  get('/nowhere'),
  get('/unavailable'),
  `POST /orders/a1/pay HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: ${AGENT}\r\nContent-Length: 0\r\nConnection: close\r\n`,
  ...HOSTILE_TARGETS.map((target) => get(target)),
  'no HTTP at all\r\n',
]

function get(target, ...headers) {
  const agent = headers.some((header) => header.startsWith('User-Agent')) ? [] : [`User-Agent: ${AGENT}`]
  const head = [`GET ${target} HTTP/1.1`, 'Host: shop.example', 'Connection: close', ...agent, ...headers]
  return `${head.join('\r\n')}\r\n`
}

/** Sends every request to a port of this machine, one after the other; the client of the last one leaves. */
export async function sendTraffic(port) {
  for (const request of REQUESTS) {
    const socket = connect(port, request)
    await once(socket.resume(), 'close')
  }
  const leaving = connect(port, get('/never'))
  await once(leaving, 'connect')
  setTimeout(() => leaving.destroy(), 50)
  await once(leaving, 'close')
}

/** The bytes of a text are its characters, so that a request can hold any. */
function connect(port, request) {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => {}).write(`${request}\r\n`, 'latin1')
  return socket
}
