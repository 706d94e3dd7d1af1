import { Client, request } from '../client.mjs'

/** A client that sends one request and reads the whole answer. */
export function ask(path, method = 'GET', headers = {}, body = '') {
  return sendText(request(path, method, headers) + body, method)
}

/** A client that sends any text, which may be no request, and reads the whole answer. */
export function sendText(text, method = 'GET') {
  return ({ port }) => new Client(port).send(text).answers([method])
}
