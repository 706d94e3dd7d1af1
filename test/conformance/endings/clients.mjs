// Clients that leave first. Handlers answer after the client has left, as in a real service.
import { once } from 'node:events'
import express from 'express'
import { Client, request } from '../client.mjs'
import { leftHalfway, leftUnanswered } from './left.mjs'
import { answerLate, answerRows, endlessRows, nodeOf } from './routes.mjs'

/** More bytes than the socket buffers of both sides hold. */
const LARGE = 64 * 1024 * 1024

/** A route that fails as soon as it notices that its client has left. */
function failLate(app, tell) {
  app.get('/', async (request) => {
    const failed = once(nodeOf(request).socket, 'never') // Rejects with the error of the connection.
    tell('arrived')
    await failed
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

/** A client that sends a request, waits until the server has received it, and leaves. */
function leave(text, how) {
  return async ({ port, news }) => {
    const client = new Client(port).send(text)
    await news()
    return client[how]()
  }
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
    name: 'the client leaves before the answer (reset), and the handler then fails',
    serve: failLate,
    visit: leave(request('/'), 'reset'),
    ...leftUnanswered,
  },
  {
    name: 'the client leaves during a streamed answer',
    ...answerRows(endlessRows),
    visit: leaveAfter(/a first row/),
    ...leftHalfway,
  },
  {
    name: 'the client leaves during a large answer',
    serve: (app) => app.get('/', (_request, reply) => reply.send(Buffer.alloc(LARGE, 'a first row'))),
    visit: leaveAfter(/a first row/),
    ...leftHalfway,
  },
  {
    name: 'the client leaves during its own upload',
    fastify: (app, tell) => {
      app.addHook('preParsing', async () => {
        tell('arrived')
      })
      app.post('/', async () => 'ok')
    },
    express: (app, tell) => {
      app.use((_request, _response, next) => {
        tell('arrived')
        next()
      })
      app.post('/', express.json(), (_request, response) => response.send('ok'))
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
      app.get('/2', (_request, reply) => reply.send('waits for the first'))
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
    name: 'hijacked, and the client leaves before the answer',
    fastify: (app, tell) =>
      app.get('/', (_request, reply) => {
        reply.hijack()
        tell('arrived')
      }),
    visit: leave(request('/'), 'reset'),
    ...leftUnanswered,
  },
]
