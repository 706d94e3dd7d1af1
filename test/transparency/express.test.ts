import { describe, test } from 'vitest'
import { expectTransparent, request, upload, webSocket } from './client.js'

const body = 'x'.repeat(100_000)
const octets = { 'Content-Type': 'application/octet-stream' }
const EXPRESS: [string, Buffer[], number[]][] = [
  ['compression', [request('GET', '/', { 'Accept-Encoding': 'gzip' }), request('GET', '/')], [200, 200]],
  ['express-session', [request('GET', '/'), request('GET', '/unknown')], [200, 404]],
  ['http-proxy-middleware', [request('GET', '/up/a'), request('POST', '/up/b', octets, body)], [200, 200]],
  ['undici', [request('POST', '/up', octets, body)], [200]],
  ['express-ws', [webSocket('/echo'), request('GET', '/')], [101, 200]],
  ['multer', [upload('/', body)], [200]],
  ['ws', [webSocket('/echo'), webSocket('/unknown'), request('GET', '/')], [101, 400, 200]],
]
const NODE: [string, Buffer[], number[]][] = [
  ['heads', ['/flat', '/pairs', '/object'].map((path) => request('GET', path)), [201, 201, 201]],
  ['undici on node:http', [request('POST', '/up', octets, body)], [200]],
  ['connect', [request('GET', '/sub/a')], [200]],
]

describe.concurrent.for(['Express 5', 'Express 4'])('%s', (version) => {
  test.for(EXPRESS)('with %s answers as without waybill', ([name, requests, statuses]) =>
    expectTransparent('express.mjs', `${name}, ${version}`, requests, statuses),
  )
})

test.concurrent.for(NODE)('node:http: %s answers as without waybill', ([name, requests, statuses]) =>
  expectTransparent('express.mjs', name, requests, statuses),
)
